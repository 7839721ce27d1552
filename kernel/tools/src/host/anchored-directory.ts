import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readlink } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { failed, systemCode } from "./environment-error.ts";

/**
 * A folder held open, so that its entries are named relative to the folder itself and not to a path that
 * somebody may exchange for a symlink meanwhile.
 *
 * On Linux names go through `/proc/self/fd`, which is `openat` in all but name. Elsewhere they go through the
 * path: there a race with a hostile process of the same user remains.
 */
export interface AnchoredDirectory extends AsyncDisposable {
  /** The path to use for the entry `name`; `.` is the folder itself. */
  entry(name: string): string;
  /** Makes renames and new entries durable. */
  sync(): Promise<void>;
}

const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const hasDescriptorPaths = process.platform === "linux";

/** Opens the folder at `real`, a path without symlinks; makes it and its parents when `create` is set. */
export async function openDirectory(real: string, create: boolean): Promise<AnchoredDirectory> {
  try {
    const handle = await open(real, openFolder);
    return await verified(handle, real);
  } catch (error) {
    if (!create || systemCode(error) !== "ENOENT") throw error;
  }
  await using parent = await openDirectory(dirname(real), true);
  const path = parent.entry(basename(real));
  await mkdir(path).catch(ignoreExisting);
  return anchored(await open(path, openFolder), real);
}

async function verified(handle: FileHandle, real: string): Promise<AnchoredDirectory> {
  const actual = hasDescriptorPaths ? await readlink(`/proc/self/fd/${handle.fd}`) : real;
  if (actual === real) return anchored(handle, real);
  await handle.close();
  throw failed(`Opening ${real}`, "the path changed while it was opened. Try again.");
}

function anchored(handle: FileHandle, real: string): AnchoredDirectory {
  const base = hasDescriptorPaths ? `/proc/self/fd/${handle.fd}` : real;
  return {
    entry: (name) => `${base}/${name}`,
    sync: () => handle.sync(),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function ignoreExisting(error: unknown): void {
  if (systemCode(error) !== "EEXIST") throw error;
}
