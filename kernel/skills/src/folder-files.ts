import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import { TauError } from "@tau/core";

import { byCodeUnits } from "./order.ts";
import { fileNotFound, fileRefused, skillTooLarge } from "./skill-file-error.ts";
import { skillLimits } from "./skill-files.ts";
import type { SkillFile, SkillFiles, SkillListing } from "./skill-files.ts";
import { skillPathNames } from "./skill-path.ts";

/**
 * Makes the files of a folder on this machine's disk a skill's.
 *
 * A file is opened name by name, each relative to the folder opened before it and without following links, so that
 * exchanging a folder for a link meanwhile gains nothing. (On Linux; elsewhere a race with a hostile process of the
 * same user remains.) A file that has a second name is refused: it may be a file from anywhere.
 */
export function createFolderFiles(folder: string): SkillFiles {
  const absolute = resolve(folder);
  const name = basename(absolute);
  return {
    name,
    folder: absolute,
    list: async (signal) => await list(absolute, name, signal),
    read: async (path, signal) => {
      signal.throwIfAborted();
      const names = skillPathNames(path);
      try {
        return await read(absolute, { skill: name, path, names, signal });
      } catch (error) {
        throw toSkillError(error, name, path);
      }
    },
  };
}

interface Wanted {
  readonly skill: string;
  readonly path: string;
  readonly names: readonly string[];
  readonly signal: AbortSignal;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// O_NONBLOCK: a named pipe must not hang the reader.
const asFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function read(folder: string, { skill, path, names, signal }: Wanted): Promise<Uint8Array> {
  let parent = await open(folder, asFolder);
  let real = folder;
  try {
    for (const name of names.slice(0, -1)) {
      const next = await open(entryOf(parent, real, name), asFolder);
      await parent.close();
      parent = next;
      real = join(real, name);
    }
    await using file = await open(entryOf(parent, real, names.at(-1) ?? ""), asFile);
    const stats = await file.stat();
    if (!stats.isFile() || stats.nlink > 1) throw fileRefused(skill, path);
    if (stats.size > skillLimits.fileBytes) throw skillTooLarge(skill, `${path} has ${stats.size} bytes`);
    return await file.readFile({ signal });
  } finally {
    await parent.close();
  }
}

/** On Linux an entry of the open folder itself, which is `openat` in all but name. */
function entryOf(parent: FileHandle, real: string, name: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${parent.fd}/${name}` : join(real, name);
}

async function list(folder: string, skill: string, signal: AbortSignal): Promise<SkillListing> {
  const files: SkillFile[] = [];
  const refused: string[] = [];
  let bytes = 0;
  const visit = async (path: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    if (depth > skillLimits.depth) throw skillTooLarge(skill, `${path} lies too deep`);
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        await visit(below, depth + 1);
        continue;
      }
      const stats = await lstat(join(folder, below));
      if (!stats.isFile() || stats.nlink > 1 || !isNameable(below)) {
        refused.push(below);
        continue;
      }
      files.push({ path: below, bytes: stats.size });
      bytes += stats.size;
      if (stats.size > skillLimits.fileBytes) throw skillTooLarge(skill, `${below} has ${stats.size} bytes`);
      if (files.length > skillLimits.files) throw skillTooLarge(skill, "it has more files");
      if (bytes > skillLimits.allBytes) throw skillTooLarge(skill, "its files are larger together");
    }
  };
  try {
    if (!(await lstat(folder)).isDirectory()) throw fileRefused(skill, ".");
    await visit("", 1);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new TauError(
      "skill.not_found",
      `The folder of the skill ${JSON.stringify(skill)} does not exist.`,
      {
        cause: error,
      },
    );
  }
  return {
    files: files.toSorted((a, b) => byCodeUnits(a.path, b.path)),
    refused: refused.toSorted(byCodeUnits),
  };
}

/** A file whose name nobody can write is not handed out either. */
function isNameable(path: string): boolean {
  try {
    return skillPathNames(path).length > 0;
  } catch {
    return false;
  }
}

function toSkillError(error: unknown, skill: string, path: string): unknown {
  const code = codeOf(error);
  // ENOTDIR: of a folder opened without following links, also that it is a link.
  if (code === "ENOENT" || code === "ENAMETOOLONG" || code === "EISDIR") return fileNotFound(skill, path);
  if (code === "ELOOP" || code === "ENOTDIR" || code === "ENXIO") return fileRefused(skill, path);
  return error;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
