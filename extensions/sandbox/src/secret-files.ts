import { realpathSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** How deep below the workspace files with secret names are looked for. */
const maxDepth = 4;
/** How many folders are looked into at most: a mask is not worth minutes in an enormous tree. */
const maxFolders = 5000;

const skipped: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  ".venv",
  "__pycache__",
  "target",
  "dist",
]);

/** Paths to hide from a command, by what they are. */
export interface MaskedPaths {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Sorts those of `paths` that exist, symlinks resolved, into files and folders. */
export function existingPaths(paths: readonly string[]): MaskedPaths {
  const existing = paths.map((path) => describe(path)).filter((item) => item !== undefined);
  const unique = (folder: boolean): readonly string[] => [
    ...new Set(existing.filter((item) => item.folder === folder).map((item) => item.real)),
  ];
  return { files: unique(false), folders: unique(true) };
}

/** Finds the files below `workspace` whose name says that they hold secrets. */
export async function findSecretFiles(
  workspace: string,
  isSecretName: (name: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  let level: readonly string[] = [workspace];
  let folders = 0;
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level.slice(0, maxFolders - folders)) {
      for (const entry of await entriesOf(folder)) {
        if (!entry.isDirectory() && isSecretName(entry.name)) found.push(join(folder, entry.name));
        if (entry.isDirectory() && !skipped.has(entry.name)) next.push(join(folder, entry.name));
      }
    }
    folders += level.length;
    level = next;
  }
  return found;
}

async function entriesOf(folder: string): ReturnType<typeof readFolder> {
  // A folder that cannot be listed cannot be listed by the command either.
  return await readFolder(folder).catch(() => []);
}

function readFolder(folder: string): Promise<readonly { readonly name: string; isDirectory(): boolean }[]> {
  return readdir(folder, { withFileTypes: true });
}

/** Synchronous, because dozens of answers from the kernel's memory cost less than dozens of callbacks. */
function describe(path: string): { readonly real: string; readonly folder: boolean } | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : { real: realpathSync(path), folder: stats.isDirectory() };
  } catch {
    return undefined; // Out of this user's reach, and so out of the command's.
  }
}
