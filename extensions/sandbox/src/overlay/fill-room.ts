import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, lchown, lstat, lutimes, mkdir, open, readlink, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import type { FileChange } from "@tau/tools";

import { contentDigest } from "./content-digest.ts";
import type { Step } from "./steps.ts";
import { movableMode } from "./steps.ts";

/** Where {@link fillRoom} copies from and to. */
export interface RoomPlaces {
  readonly upper: string;
  /** An empty folder. */
  readonly room: string;
}

/**
 * Copies what a commit will put in place out of the layer, complete and on disk, so that the commit itself only renames.
 * Copies, because the layer's own files carry its marks. Answers the path of the first file whose content is not the one
 * that was decided on, if there is one.
 */
export async function fillRoom(
  steps: readonly Step[],
  changes: readonly FileChange[],
  { upper, room }: RoomPlaces,
): Promise<string | undefined> {
  const moved = byMove(changes);
  for (const step of steps) {
    if (step.kind !== "put") continue;
    const folders: { readonly target: string; readonly change: FileChange; readonly source: string }[] = [];
    for (const change of moved.get(step.path) ?? []) {
      const [source, target] = [
        join(upper, change.path),
        join(room, String(step.n), relative(step.path, change.path)),
      ];
      if (change.type === "folder") {
        await mkdir(target, { mode: 0o700 });
        folders.push({ source, target, change });
      } else if (!(await copy(source, target, change))) return change.path;
    }
    // Inner ones first: a folder may be closed to its owner.
    for (const { source, target, change } of folders.toReversed()) {
      const mode = change.path === step.path ? movableMode(change.mode) : change.mode;
      await dress(source, target, { ...change, mode });
    }
  }
  return undefined;
}

/** The changes that each move carries, by its path, parents first: a new folder comes with everything that is in it. */
function byMove(changes: readonly FileChange[]): ReadonlyMap<string, readonly FileChange[]> {
  const created = new Set(changes.filter(({ kind }) => kind === "created").map(({ path }) => path));
  const moved = new Map<string, FileChange[]>();
  for (const change of changes) {
    if (change.kind === "deleted") continue;
    let top = change.path;
    while (change.kind === "created" && created.has(dirname(top))) top = dirname(top);
    const together = moved.get(top);
    if (together === undefined) moved.set(top, [change]);
    else together.push(change);
  }
  return moved;
}

async function copy(source: string, target: string, change: FileChange): Promise<boolean> {
  if (change.type === "link") {
    const leads = await readlink(source, { encoding: "buffer" });
    if (createHash("sha256").update(leads).digest("hex") !== change.digest) return false;
    await symlink(leads, target);
  } else {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    if ((await contentDigest(target)) !== change.digest) return false;
    await using file = await open(target, "r");
    await file.sync();
  }
  await dress(source, target, change);
  return true;
}

/** Gives a copy the owner, the mode and the times of the original. */
async function dress(source: string, target: string, { type, mode }: FileChange): Promise<void> {
  const { uid, gid, atime, mtime } = await lstat(source);
  if (process.getuid?.() === 0) await lchown(target, uid, gid);
  await lutimes(target, atime, mtime);
  if (type !== "link") await chmod(target, mode & 0o1777);
}
