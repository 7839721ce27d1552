import { constants } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";

import { untrusted, userLabel, workspaceLabel } from "@tau/core";
import type { Label } from "@tau/core";

import { openAnchored } from "../store/anchored-folder.ts";
import type { AnchoredFolder } from "../store/anchored-folder.ts";
import { systemCode } from "../store/system-code.ts";
import { fitInstructions } from "./fit-instructions.ts";
import type { FoundInstruction } from "./fit-instructions.ts";
import { instructionNames, maxInstructionBytes } from "./instructions.ts";
import type { InstructionChain, SkippedInstruction } from "./instructions.ts";

/** Where to look for instructions. */
export interface FindInstructionsOptions {
  /** The folder that an agent works in. */
  readonly cwd: string;
  /** Files of the person, in the order in which they are read; absolute. They need not exist. */
  readonly userFiles?: readonly string[];
  /**
   * Whether a person on this machine trusted exactly this text of a project's file. Others are shown as what nobody
   * vouches for. Default: nobody trusted any.
   */
  trusts?(file: { readonly path: string; readonly text: string }): Promise<boolean>;
  /** Bytes of all texts together; the nearest get room first. Default 32,768. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

/** No file is read further; the rest would be clipped anyway. */
const maxReadBytes = 262_144;

/**
 * Finds the files that tell agents how to work in a folder: those of the person, then those of the project from its root
 * (the nearest folder with a `.git`, or the folder itself) down to the folder.
 *
 * Links are not followed: a project could name any file by one. The same text is read once.
 */
export async function findInstructions(options: FindInstructionsOptions): Promise<InstructionChain> {
  const { cwd, userFiles = [], trusts, maxBytes = maxInstructionBytes, signal } = options;
  const skipped: SkippedInstruction[] = [];
  const found: FoundInstruction[] = [];
  const add = async (candidate: Candidate, labelOf: (text: string) => Promise<Label>): Promise<void> => {
    signal.throwIfAborted();
    const { path, name, level } = candidate;
    const read = await candidate.read();
    if (read === undefined) return;
    if ("reason" in read) {
      skipped.push({ path, name, reason: read.reason });
      return;
    }
    const reason = reasonAgainst(read.text, found);
    if (reason !== undefined) skipped.push({ path, name, reason });
    else found.push({ path, name, level, ...read, label: await labelOf(read.text) });
  };

  for (const path of userFiles) {
    const name = basename(path);
    const shown = `~/…/${name}`;
    await add({ path, name: shown, level: "user", read: async () => await readUserFile(path) }, () =>
      Promise.resolve({ ...userLabel, origins: [`file:${shown}`] }),
    );
  }
  const folder = await realpath(cwd);
  const root = await projectRoot(folder);
  for (const { at, names } of foldersDown(root, folder)) {
    for (const file of instructionNames) {
      const path = join(at, file);
      const name = relative(root, path).split(sep).join("/");
      const read = async (): Promise<Read> => await readProjectFile(root, [...names, ...file.split("/")]);
      await add({ path, name, level: "project", read }, async (text) =>
        (await trusts?.({ path, text })) === true
          ? { ...workspaceLabel, origins: [`file:${name}`] }
          : untrusted(`file:${name}`, "workspace"),
      );
    }
  }
  return { files: fitInstructions(found, maxBytes), skipped };
}

type Read = { readonly text: string; readonly bytes: number } | { readonly reason: string } | undefined;

interface Candidate {
  readonly path: string;
  readonly name: string;
  readonly level: "user" | "project";
  read(): Promise<Read>;
}

function reasonAgainst(text: string, found: readonly FoundInstruction[]): string | undefined {
  const plain = text.trim();
  if (plain === "") return "it is empty";
  // The usual way to have one file under two names without a link.
  if (/^@\S+$/u.test(plain)) return `it only names ${plain.slice(1)}`;
  const same = found.find((other) => other.text.trim() === plain);
  return same === undefined ? undefined : `it says the same as ${same.name}`;
}

async function projectRoot(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const there = await lstat(join(at, ".git")).catch(() => undefined);
    if (there !== undefined) return at;
    if (dirname(at) === at) return folder;
  }
}

function foldersDown(
  root: string,
  folder: string,
): readonly { readonly at: string; readonly names: readonly string[] }[] {
  const names = relative(root, folder)
    .split(sep)
    .filter((name) => name !== "");
  return [[], ...names.map((_, index) => names.slice(0, index + 1))].map((path) => ({
    at: join(root, ...path),
    names: path,
  }));
}

/** A person may link their own files to wherever they keep them. */
async function readUserFile(path: string): Promise<Read> {
  try {
    const real = await realpath(path);
    await using folder = await openAnchored(dirname(real));
    return await readFrom(folder, basename(real), Number.POSITIVE_INFINITY);
  } catch (error) {
    return unreadable(error);
  }
}

async function readProjectFile(root: string, names: readonly string[]): Promise<Read> {
  try {
    let folder = await openAnchored(root);
    for (const name of names.slice(0, -1)) {
      const current: AnchoredFolder = folder;
      await using _closed = current;
      const next = await current.folder(name);
      if (next === undefined) return undefined;
      folder = next;
    }
    await using last = folder;
    const name = names.at(-1) ?? "";
    // Where names are not told apart by case, another spelling would be found, too.
    if (!(await last.names()).includes(name)) return undefined;
    return await readFrom(last, name, 1);
  } catch (error) {
    return unreadable(error);
  }
}

async function readFrom(folder: AnchoredFolder, name: string, maxLinks: number): Promise<Read> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(folder.entry(name), flags);
  const stats = await file.stat();
  if (!stats.isFile()) return { reason: "it is no regular file" };
  if (stats.nlink > maxLinks) return { reason: "it has a second name, and may be a file from anywhere" };
  const buffer = new Uint8Array(Math.min(stats.size, maxReadBytes));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  try {
    // `stream` leaves out a character that was cut at the end.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, bytesRead), {
      stream: true,
    });
    return text.includes("\0") ? { reason: "it is not text" } : { text, bytes: stats.size };
  } catch (error) {
    if (error instanceof TypeError) return { reason: "it is not UTF-8 text" };
    throw error;
  }
}

function unreadable(error: unknown): Read {
  const code = systemCode(error);
  if (code === "ENOENT") return undefined;
  if (code === "ELOOP" || code === "ENOTDIR") return { reason: "it is a link, which is not followed" };
  if (code === undefined) throw error;
  return { reason: `it cannot be read (${code})` };
}
