import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { isSystemError } from "./system-error.ts";

/** What {@link treeFingerprint} says of a path that is not there. */
export const absent = "absent";

/**
 * Changes whenever anything at or below `path` does: of files the kernel's own record (number, size, both times, mode),
 * of folders their names. Contents are not read; nobody can set the time of the last change of a file's record.
 */
export async function treeFingerprint(path: string): Promise<string> {
  const stats = await statsOf(path);
  if (stats === undefined) return absent;
  const hash = createHash("sha256");
  await add(hash, path, stats);
  return hash.digest("hex");
}

type Hash = ReturnType<typeof createHash>;

async function add(hash: Hash, path: string, stats: BigIntStats): Promise<void> {
  if (!stats.isDirectory()) {
    const { ino, size, mtimeNs, ctimeNs, mode } = stats;
    hash.update(`f${ino}.${size}.${mtimeNs}.${ctimeNs}.${mode};`);
    return;
  }
  // A folder's times and mode change with what Tau itself does to it; its names are what counts.
  hash.update(`d${stats.ino}(`);
  for (const name of (await namesIn(path)).toSorted()) {
    hash.update(`${name.length}:${name}`);
    const child = await statsOf(join(path, name));
    if (child !== undefined) await add(hash, join(path, name), child);
  }
  hash.update(")");
}

/** A folder that is closed to its owner has no names that anybody could tell. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isSystemError(error, "EACCES")) return [];
    throw error;
  }
}

/** Of the path itself, not of where a link leads; undefined when nothing is there. */
export async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isSystemError(error, "ENOENT") || isSystemError(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
