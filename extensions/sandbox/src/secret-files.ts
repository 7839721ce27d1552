import { accessSync, constants, realpathSync, statSync } from "node:fs";
import type { Stats } from "node:fs";

/** Paths to hide from a command, by what they are. */
export interface MaskedPaths {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Sorts those of `paths` that exist and that this user can reach, symlinks resolved, into files and folders. */
export function existingPaths(paths: readonly string[]): MaskedPaths {
  const existing = paths.map((path) => describe(path)).filter((item) => item !== undefined);
  const unique = (folder: boolean): readonly string[] => [
    ...new Set(existing.filter((item) => item.folder === folder).map((item) => item.real)),
  ];
  return { files: unique(false), folders: unique(true) };
}

/** Synchronous, because dozens of answers from the kernel's memory cost less than dozens of callbacks. */
function describe(path: string): { readonly real: string; readonly folder: boolean } | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || isOutOfReach(path, stats)) return undefined;
    return { real: realpathSync.native(path), folder: stats.isDirectory() };
  } catch {
    return undefined; // Out of this user's reach, and so out of the command's.
  }
}

/** Whether the system keeps this user from it already, and so the command: a mask would cost a mount, and hide nothing. */
function isOutOfReach(path: string, stats: Stats): boolean {
  const { R_OK, W_OK, X_OK } = constants;
  return stats.uid !== process.getuid?.() && ![R_OK, W_OK, X_OK].some((right) => isAllowed(path, right));
}

function isAllowed(path: string, right: number): boolean {
  try {
    accessSync(path, right);
    return true;
  } catch {
    return false;
  }
}
