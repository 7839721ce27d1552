import { packTar, unpackTar } from "modern-tar";

import { failed } from "../pod/pod-errors.ts";
import { workContainer } from "../pod/pod-manifest.ts";
import type { PodShell } from "../pod/pod-shell.ts";

/** Something below the workspace's copy in the pod. */
export interface PodEntry {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly size: number;
  /** Differs whenever the entry was changed; undefined where that cannot be told because it was changed only just now. */
  readonly signature: string | undefined;
}

/** What is to be written into the pod. */
export interface SentEntry {
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  readonly mtimeMs: number;
  readonly target: string;
  readonly data: Uint8Array;
}

/** What came out of the pod. */
export interface FetchedEntry {
  readonly path: string;
  readonly kind: "file" | "link";
  readonly mode: number;
  readonly target: string;
  readonly data: Uint8Array;
}

/** The copy of the workspace in the pod. */
export interface PodTree {
  list(signal: AbortSignal): Promise<ReadonlyMap<string, PodEntry>>;
  send(entries: readonly SentEntry[], signal: AbortSignal): Promise<void>;
  remove(paths: readonly string[], signal: AbortSignal): Promise<void>;
  /** The files and links at `paths`; those that are gone meanwhile are left out. */
  fetch(paths: readonly string[], signal: AbortSignal): Promise<readonly FetchedEntry[]>;
}

// The inode's change time cannot be set back by a command, unlike the time of modification.
const listScript = `cd -- "$1" || exit 1
date +%s.%N
find . -mindepth 1 -exec stat -c '%f %s %.Z %i %n' {} +`;
const sendScript = 'cd -- "$1" && exec tar -xpf -';
const removeScript = 'cd -- "$1" && xargs -0 rm -rf --';
const fetchScript = 'cd -- "$1" && tar -cf - --no-recursion -T - 2>/dev/null';

/** Within this time two changes may carry the same time. */
const preciseTickSeconds = 0.02;
/** The same, for programs that tell whole seconds only. */
const coarseTickSeconds = 2;

/** Opens the copy at `workspace`. */
export function createPodTree(shell: PodShell, workspace: string): PodTree {
  const run = async (
    script: string,
    { stdin, what }: { readonly stdin?: Uint8Array; readonly what: string },
    signal: AbortSignal,
  ): Promise<Buffer> => {
    const input = { args: [workspace], container: workContainer, ...(stdin === undefined ? {} : { stdin }) };
    const { exitCode, stdout, stderr } = await shell(script, input, signal);
    if (exitCode === 0) return stdout;
    throw failed(
      what,
      "the pod answered an error. The image needs tar, find, stat and xargs, and space.",
      stderr,
    );
  };
  return {
    list: async (signal) =>
      parseList((await run(listScript, { what: "Listing the pod's workspace" }, signal)).toString()),
    async send(entries, signal) {
      const packed = await packTar(entries.map(toTarEntry));
      await run(sendScript, { stdin: packed, what: "Sending the workspace to the pod" }, signal);
    },
    async remove(paths, signal) {
      const stdin = Buffer.from(paths.map((path) => `./${path}\0`).join(""));
      await run(removeScript, { stdin, what: "Removing files from the pod" }, signal);
    },
    async fetch(paths, signal) {
      const stdin = Buffer.from(paths.map((path) => `./${path}\n`).join(""));
      const { stdout } = await shell(
        fetchScript,
        { args: [workspace], stdin, container: workContainer },
        signal,
      );
      return await toFetched(stdout, new Set(paths));
    },
  };
}

function toTarEntry({
  path,
  kind,
  mode,
  mtimeMs,
  target,
  data,
}: SentEntry): Parameters<typeof packTar>[0][number] {
  const shared = { mode, mtime: new Date(mtimeMs) };
  if (kind === "folder") return { header: { ...shared, name: `${path}/`, type: "directory", size: 0 } };
  if (kind === "link")
    return { header: { ...shared, name: path, type: "symlink", size: 0, linkname: target } };
  return { header: { ...shared, name: path, type: "file", size: data.length }, body: data };
}

/** What a pod sends is data of strangers: only what was asked for counts, and only files and links. */
async function toFetched(archive: Uint8Array, asked: ReadonlySet<string>): Promise<readonly FetchedEntry[]> {
  if (archive.length === 0) return [];
  const entries = await unpackTar(archive);
  return entries.flatMap(({ header, data }): readonly FetchedEntry[] => {
    const path = header.name.replace(/^\.\//u, "");
    if (!asked.has(path)) return [];
    const shared = { path, mode: (header.mode ?? 0o644) & 0o777 };
    if (header.type === "symlink") {
      return [{ ...shared, kind: "link", target: header.linkname ?? "", data: new Uint8Array() }];
    }
    if (header.type !== "file") return []; // a hard link comes as a file: tar was given each name by itself
    return [{ ...shared, kind: "file", target: "", data: data ?? new Uint8Array() }];
  });
}

const [typeMask, fileType, folderType, linkType] = [0o170000, 0o100000, 0o040000, 0o120000];

function parseList(text: string): ReadonlyMap<string, PodEntry> {
  const [first = "", ...lines] = text.split("\n");
  const now = Number.parseFloat(first);
  const found = new Map<string, PodEntry>();
  for (const line of lines) {
    const [, digits = "", size = "", changed = "", inode = "", path = ""] =
      /^([0-9a-f]+) (\d+) (\S+) (\d+) \.\/(.*)$/u.exec(line) ?? [];
    if (path === "" || path.split("/").includes("..")) continue;
    const mode = Number.parseInt(digits, 16);
    const tick = changed.includes(".") ? preciseTickSeconds : coarseTickSeconds;
    const isFresh = !(Number.parseFloat(changed) < now - tick);
    const kind = kindOf(mode & typeMask);
    const signature = [digits, size, changed, inode].join(" ");
    found.set(path, {
      kind,
      size: Number(size),
      signature: kind === "folder" ? "folder" : isFresh ? undefined : signature,
    });
  }
  return found;
}

function kindOf(type: number): PodEntry["kind"] {
  if (type === fileType) return "file";
  if (type === folderType) return "folder";
  return type === linkType ? "link" : "other";
}
