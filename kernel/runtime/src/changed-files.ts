import { createHash } from "node:crypto";

import { isTauError } from "@tau/core";
import { collectCommand } from "@tau/tools";
import type { Environment } from "@tau/tools";

/** A file with the SHA-256 of its content; of a folder, or of what is too large to look at, the path alone. */
export interface WrittenFile {
  readonly path: string;
  readonly sha256?: string;
}

const timeoutMs = 10_000;
/** So many files are looked at one by one; of more, the folders of the workspace that they are in. */
const maxFiles = 500;
const maxBytes = 5_000_000;
const maxListChars = 3_900_000;

/** What time it is where commands run, in seconds, as `find` wants it; undefined where that cannot be found out. */
export async function timeIn(environment: Environment, signal: AbortSignal): Promise<string | undefined> {
  const said = await quietly(environment, ["date", "+%s.%N"], signal);
  const [, seconds, rest] = /^(\d+)\.(\d{3})\d*\s*$/u.exec(said ?? "") ?? [];
  // A clock of files is coarser than that of programs.
  return seconds === undefined || rest === undefined ? undefined : String(Number(`${seconds}.${rest}`) - 0.1);
}

/** What of a workspace changed. */
export interface Changed {
  readonly files: readonly WrittenFile[];
  /** Folders that were moved, or that something was put into or taken out of; never the workspace itself. */
  readonly folders: readonly WrittenFile[];
}

/**
 * The files of the workspace that changed since a time of {@link timeIn}, by when their content or name last did, which no
 * program can set; undefined where that cannot be found out. Of Git's own files, only the one that says where HEAD was.
 */
export async function changedSince(
  environment: Environment,
  since: string,
  signal: AbortSignal,
): Promise<Changed | undefined> {
  const { workspace } = environment.info.profile;
  const gits = ["-path", "*/.git/*", "!", "-path", "*/.git/logs", "!", "-path", "*/.git/logs/HEAD"];
  const argv = ["find", workspace, "-xdev", ...gits, "-prune", "-o"] as const;
  const said = await quietly(
    environment,
    [...argv, "-newerct", `@${since}`, "-printf", String.raw`%y%p\0`],
    signal,
  );
  if (said === undefined) return undefined;
  const found = Map.groupBy(
    said.split("\0").filter((line) => line !== ""),
    (line) => (line.startsWith("d") ? "folders" : "files"),
  );
  const pathsOf = (kind: "files" | "folders"): readonly string[] =>
    (found.get(kind) ?? []).map((line) => line.slice(1)).filter((path) => path !== workspace);
  const paths = pathsOf("files");
  const folders = pathsOf("folders").slice(0, maxFiles + 1);
  if (folders.length > maxFiles) return undefined;
  // What was cut out of the middle nobody knows.
  if (said.length > maxListChars || (said !== "" && !said.endsWith("\0"))) return undefined;
  const files =
    paths.length > maxFiles
      ? foldersOf(paths, workspace)
      : await Promise.all(paths.map((path) => hashed(environment, path, signal)));
  return { files, folders: folders.map((path) => ({ path })) };
}

/** The file as it is now. */
export async function hashed(
  environment: Environment,
  path: string,
  signal: AbortSignal,
): Promise<WrittenFile> {
  try {
    const { kind, size } = await environment.stat(path, signal);
    if (kind !== "file" || size > maxBytes) return { path };
    const content = await environment.readFile(path, signal);
    return { path, sha256: createHash("sha256").update(content).digest("hex") };
  } catch (error) {
    if (!isTauError(error)) throw error;
    return { path };
  }
}

/** Tells whether a file is not as it was when it had this hash. What cannot be looked at may be. */
export async function isOther(
  environment: Environment,
  { path, sha256 }: WrittenFile,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { kind, size } = await environment.stat(path, signal);
    if (sha256 === undefined) return false;
    if (kind !== "file" || size > maxBytes) return true;
    const content = await environment.readFile(path, signal);
    return createHash("sha256").update(content).digest("hex") !== sha256;
  } catch (error) {
    if (!isTauError(error)) throw error;
    return error.code === "environment.not_found";
  }
}

function foldersOf(paths: readonly string[], workspace: string): readonly WrittenFile[] {
  const tops = paths.map((path) => path.slice(workspace.length).split("/").slice(0, 2).join("/"));
  return [...new Set(tops)].map((top) => ({ path: `${workspace}${top}` }));
}

/** What a program says; undefined when it fails in any way. */
async function quietly(
  environment: Environment,
  argv: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const request = { argv, timeoutMs, readOnly: true, network: false } as const;
    const { exitCode, stdout } = await collectCommand(environment, request, signal);
    return exitCode === 0 ? stdout : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!isTauError(error)) throw error;
    return undefined;
  }
}
