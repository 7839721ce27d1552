import { randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { link, lstat, open, rename, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";

import type { Environment, FileStat, WriteFileOptions } from "../environment.ts";
import type { AnchoredDirectory } from "./anchored-directory.ts";
import { openDirectory } from "./anchored-directory.ts";
import { failed, systemCode, toEnvironmentError } from "./environment-error.ts";
import type { PathPolicy } from "./path-policy.ts";
import { assertReadable, assertWritable } from "./path-policy.ts";
import { resolvePath } from "./resolve-path.ts";

/** The file operations of an environment. */
export type GuardedFiles = Pick<Environment, "readFile" | "writeFile" | "stat" | "realPath">;

/**
 * Makes file operations on this machine's disk that obey `policy`.
 *
 * Every path is resolved first, decided on second, and opened third through its folder's descriptor without
 * following links, so that exchanging a folder for a symlink between the steps gains nothing.
 */
export function createGuardedFiles(policy: PathPolicy): GuardedFiles {
  return {
    readFile: (path, signal) => translated("Reading", path, () => read(policy, path, signal)),
    writeFile: (path, data, options, signal) =>
      translated("Writing", path, () => write(policy, { path, data, options, signal })),
    stat: (path, signal) => translated("Looking at", path, () => look(policy, path, signal)),
    realPath: (path, signal) => {
      signal.throwIfAborted();
      return translated("Resolving", path, () => resolvePath(path));
    },
  };
}

async function translated<Result>(
  operation: string,
  path: string,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw toEnvironmentError(error, operation, path);
  }
}

async function read(policy: PathPolicy, path: string, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  const real = await resolvePath(path);
  assertReadable(policy, real, path);
  await using directory = await openDirectory(dirname(real), false);
  // O_NONBLOCK: a named pipe in the workspace must not hang the reader.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = await open(directory.entry(basename(real)), flags);
  const stats = await file.stat();
  if (!stats.isFile()) throw failed(`Reading ${path}`, notAFile(stats));
  return await file.readFile({ signal });
}

async function look(policy: PathPolicy, path: string, signal: AbortSignal): Promise<FileStat> {
  signal.throwIfAborted();
  const real = await resolvePath(path);
  assertReadable(policy, real, path);
  await using directory = await openDirectory(dirname(real), false);
  const stats = await lstat(directory.entry(basename(real) === "" ? "." : basename(real)));
  const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
  return { kind, size: stats.size, mode: stats.mode & 0o7777 };
}

interface Write {
  readonly path: string;
  readonly data: Uint8Array;
  readonly options: WriteFileOptions;
  readonly signal: AbortSignal;
}

async function write(policy: PathPolicy, request: Write): Promise<void> {
  request.signal.throwIfAborted();
  const real = await resolvePath(request.path);
  assertWritable(policy, real, request.path);
  await using directory = await openDirectory(dirname(real), true);
  const target = directory.entry(basename(real));
  const existing = await statsOf(target);
  if (existing !== undefined && !existing.isFile()) {
    throw failed(`Writing ${request.path}`, notAFile(existing));
  }
  const temporary = directory.entry(`.tau-${randomUUID()}.tmp`);
  try {
    await fill(temporary, request, existing);
    request.signal.throwIfAborted();
    await publish({ temporary, target, exclusive: request.options.exclusive === true });
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncQuietly(directory);
}

async function fill(temporary: string, request: Write, existing: Stats | undefined): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  await using file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await file.writeFile(request.data, { signal: request.signal });
  if (existing !== undefined) await keepOwner(file, existing);
  await file.chmod(existing === undefined ? (request.options.mode ?? 0o644) : existing.mode & 0o7777);
  await file.sync();
}

/** A file that root rewrites for another user stays that user's; ordinary users own what they write. */
async function keepOwner(file: FileHandle, existing: Stats): Promise<void> {
  if (process.getuid?.() === 0) await file.chown(existing.uid, existing.gid);
}

interface Publication {
  readonly temporary: string;
  readonly target: string;
  readonly exclusive: boolean;
}

/** `rename` replaces atomically; `link` refuses atomically when the target exists. */
async function publish({ temporary, target, exclusive }: Publication): Promise<void> {
  if (!exclusive) return await rename(temporary, target);
  await link(temporary, target);
  await unlink(temporary);
}

/** Some file systems refuse to sync a folder; the file's own content is safe by then. */
async function syncQuietly(directory: AnchoredDirectory): Promise<void> {
  await directory.sync().catch(() => undefined);
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notAFile(stats: Stats): string {
  return stats.isDirectory() ? "it is a folder." : "it is not a regular file.";
}
