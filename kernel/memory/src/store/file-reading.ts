import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { TauError } from "@tau/core";

import { byCodeUnits } from "../order.ts";
import type { AnchoredFolder } from "./anchored-folder.ts";
import { memoryRefused, memoryTooLarge } from "./memory-errors.ts";
import { memoryPathNames } from "./memory-path.ts";
import { memoryLimits } from "./memory-store.ts";
import type { MemoryEntry } from "./memory-store.ts";
import { systemCode } from "./system-code.ts";

// O_NONBLOCK: a named pipe must not hang the reader.
const asFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens the folder that the last name is in; undefined when there is none. */
export async function openParent(
  root: AnchoredFolder,
  names: readonly string[],
): Promise<AnchoredFolder | undefined> {
  // The caller disposes of the answer, and never of the root.
  let parent = await root.folder(".");
  for (const name of names.slice(0, -1)) {
    if (parent === undefined) return undefined;
    const current: AnchoredFolder = parent;
    await using _closed = current;
    // Where names are not told apart by case, a folder of another spelling would open.
    parent = (await current.names()).includes(name) ? await openFolder(current, name) : undefined;
  }
  return parent;
}

/** Opens a folder; undefined also when a file has its name, for then nothing is below it. */
async function openFolder(folder: AnchoredFolder, name: string): Promise<AnchoredFolder | undefined> {
  try {
    return await folder.folder(name);
  } catch (error) {
    if (systemCode(error) === "ENOTDIR" && (await folder.stats(name))?.isFile() === true) return undefined;
    throw error;
  }
}

/**
 * Reads a file; undefined when there is none, also where only a folder of that name is.
 *
 * @throws TauError `memory.refused_file`, `memory.too_large`, `memory.not_text`
 */
export async function readText(
  root: AnchoredFolder,
  path: string,
  names: readonly string[],
): Promise<string | undefined> {
  const parent = await openParent(root, names);
  if (parent === undefined) return undefined;
  await using folder = parent;
  const name = names.at(-1) ?? "";
  if (!(await folder.names()).includes(name)) return undefined;
  const opened = await open(folder.entry(name), asFile).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (opened === undefined) return undefined;
  await using file = opened;
  const stats = await file.stat();
  if (stats.isDirectory()) return undefined;
  // A second name may be that of a file from anywhere.
  if (!stats.isFile() || stats.nlink > 1) throw memoryRefused(path);
  if (stats.size > memoryLimits.fileBytes)
    throw memoryTooLarge(
      `${JSON.stringify(path)} (${stats.size} bytes)`,
      `${memoryLimits.fileBytes} bytes a file`,
    );
  return decoded(path, await file.readFile());
}

function decoded(path: string, data: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    if (!text.includes("\0")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new TauError("memory.not_text", `${JSON.stringify(path)} is not UTF-8 text: write it anew.`);
}

/**
 * Lists the files below a prefix, ordered. What is hidden, a link, has a second name or a name that is no path is left out.
 *
 * @throws TauError `memory.too_large`
 */
export async function listFiles(
  root: AnchoredFolder,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly MemoryEntry[]> {
  const names = prefix === "" ? [] : prefix.slice(0, -1).split("/");
  const folder = await openParent(root, [...names, ""]).catch((error: unknown) => {
    // A link where the prefix has a folder: nothing below it is of this memory.
    if (systemCode(error) === "ENOTDIR" || systemCode(error) === "ELOOP") return undefined;
    throw error;
  });
  if (folder === undefined) return [];
  await using start = folder;
  const entries: MemoryEntry[] = [];
  await visit(start, names, { entries, signal });
  return entries.toSorted((a, b) => byCodeUnits(a.path, b.path));
}

interface Listing {
  readonly entries: MemoryEntry[];
  readonly signal: AbortSignal;
}

async function visit(folder: AnchoredFolder, above: readonly string[], listing: Listing): Promise<void> {
  for (const name of await folder.names()) {
    listing.signal.throwIfAborted();
    const names = [...above, name];
    const path = names.join("/");
    if (!isPath(names.length === 1 ? `${path}/x` : path)) continue;
    const stats = await folder.stats(name);
    if (stats?.isDirectory() === true) {
      const below = await folder.folder(name).catch(() => undefined);
      if (below === undefined) continue;
      await using opened = below;
      await visit(opened, names, listing);
    } else if (stats?.isFile() === true && stats.nlink === 1n && names.length > 1) {
      const { size, mtimeMs, mtimeNs, ctimeNs, ino } = stats;
      const stamp = [ino, size, mtimeNs, ctimeNs].join(".");
      listing.entries.push({ path, bytes: Number(size), modifiedAt: Number(mtimeMs), stamp });
    }
  }
}

function isPath(path: string): boolean {
  try {
    return memoryPathNames(path).length > 0;
  } catch {
    return false;
  }
}
