import { constants } from "node:fs";
import type { BigIntStats } from "node:fs";
import { lstat, mkdir, open, readdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { systemCode } from "./system-code.ts";

/**
 * A folder held open, so that its entries are named relative to the folder itself and not to a path that somebody may
 * exchange for a link meanwhile.
 *
 * On Linux names go through `/proc/self/fd`, which is `openat` in all but name. Elsewhere they go through the path: there
 * a race with a hostile process of the same user remains.
 */
export interface AnchoredFolder extends AsyncDisposable {
  /** The path to use for the entry `name`. */
  entry(name: string): string;
  /** The names of its entries, exactly as the file system has them. */
  names(): Promise<readonly string[]>;
  /** How many entries it has, hidden ones aside, and which of them are folders. */
  count(): Promise<{ readonly files: number; readonly folders: readonly string[] }>;
  /** Opens a folder in it; undefined when there is none. Never follows a link: that throws ELOOP or ENOTDIR. */
  folder(name: string): Promise<AnchoredFolder | undefined>;
  /** Makes a folder in it, for this user only, when it is missing, and opens it. */
  makeFolder(name: string): Promise<AnchoredFolder>;
  /** What is known of an entry, without following links; undefined when there is none. */
  stats(name: string): Promise<BigIntStats | undefined>;
  /** Makes renames and new entries durable. */
  sync(): Promise<void>;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const hasDescriptorPaths = process.platform === "linux";

/** Opens the folder at `real`, a path without links. */
export async function openAnchored(real: string): Promise<AnchoredFolder> {
  return anchored(await open(real, asFolder), real);
}

function anchored(handle: FileHandle, real: string): AnchoredFolder {
  const base = hasDescriptorPaths ? `/proc/self/fd/${handle.fd}` : real;
  const entry = (name: string): string => `${base}/${name}`;
  const folder = async (name: string): Promise<AnchoredFolder | undefined> => {
    const opened = await open(entry(name), asFolder).catch(undefinedIfMissing);
    return opened === undefined ? undefined : anchored(opened, join(real, name));
  };
  return {
    entry,
    names: async () => await readdir(entry(".")),
    async count() {
      const entries = await readdir(entry("."), { withFileTypes: true });
      const shown = entries.filter((one) => !one.name.startsWith("."));
      const folders = shown.filter((one) => one.isDirectory()).map((one) => one.name);
      return { files: shown.length - folders.length, folders };
    },
    folder,
    async makeFolder(name) {
      const existing = await folder(name);
      if (existing !== undefined) return existing;
      await mkdir(entry(name), { mode: 0o700 }).catch((error: unknown) => {
        if (systemCode(error) !== "EEXIST") throw error;
      });
      return anchored(await open(entry(name), asFolder), join(real, name));
    },
    stats: async (name) => await lstat(entry(name), { bigint: true }).catch(undefinedIfMissing),
    // Some file systems refuse to sync a folder; the content of its files is safe by then.
    sync: async () => await handle.sync().catch(() => undefined),
    [Symbol.asyncDispose]: async () => await handle.close(),
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
  return undefined;
}
