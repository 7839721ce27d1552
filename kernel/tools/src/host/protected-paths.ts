import { randomBytes } from "node:crypto";
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { rename, symlink } from "node:fs/promises";
import { dirname, relative } from "node:path";

import { isBelow } from "./path-policy.ts";

/** What keeps protected paths as they are while a command runs, and what must be looked at afterwards. */
export interface Protection {
  readonly pinned: readonly string[];
  readonly readOnly: readonly string[];
  readonly watched: readonly Watched[];
}

/** Something that no mount can hold: a path that is not there, or a symlink. */
export interface Watched {
  readonly path: string;
  readonly before: "absent" | { readonly link: string };
  /** A folder on the way to a protected path may appear; anything else there may not. */
  readonly mayBecomeFolder: boolean;
}

/**
 * Plans how to protect `paths`, all below `workspace`.
 *
 * What exists becomes a read-only mount and its parents mount points, which cannot be renamed away. What does
 * not exist is watched instead: a mount would leave an empty stub in the workspace.
 */
export function planProtection(workspace: string, paths: readonly string[]): Protection {
  const leaves = new Set(paths);
  const pinned: string[] = [];
  const readOnly: string[] = [];
  const watched: Watched[] = [];
  for (const path of withParents(workspace, paths)) {
    const leaf = leaves.has(path);
    const before = stateOf(path);
    if (before === undefined) continue; // below something that is not a folder: that one is held already
    if (before === "absent") watched.push({ path, before, mayBecomeFolder: !leaf });
    else if (typeof before === "object") {
      watched.push({ path, before, mayBecomeFolder: false });
      const target = realPathIfAny(path);
      if (leaf && target !== undefined && isBelow(target, workspace)) readOnly.push(target);
    } else if (leaf || before === "file") readOnly.push(realpathSync.native(path));
    else if (isBelow(realpathSync.native(path), workspace)) pinned.push(realpathSync.native(path));
  }
  return { pinned, readOnly, watched };
}

/** What a command made at a protected path, and its new name; relative to the workspace. */
export interface PutAside {
  readonly from: string;
  readonly to: string;
}

/** Puts aside what a command made at watched paths. Returns the new names, relative to `workspace`. */
export async function enforceProtection(
  workspace: string,
  watched: readonly Watched[],
): Promise<readonly PutAside[]> {
  const moved: PutAside[] = [];
  for (const { path, before, mayBecomeFolder } of watched) {
    const after = stateOf(path);
    if (after === undefined || after === "absent" || isSame(before, after)) continue;
    if (after === "folder" && mayBecomeFolder) continue;
    const aside = `${path}.quarantined-${randomBytes(4).toString("hex")}`;
    await rename(path, aside);
    if (before !== "absent") await symlink(before.link, path);
    moved.push({ from: relative(workspace, path), to: relative(workspace, aside) });
  }
  return moved;
}

type State = "absent" | "folder" | "file" | { readonly link: string };

/** Synchronous, because a dozen answers from the kernel's memory cost less than a dozen callbacks. */
function stateOf(path: string): State | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "absent";
    if (stats.isSymbolicLink()) return { link: readlinkSync(path) };
    return stats.isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" ? "absent" : undefined;
  }
}

function realPathIfAny(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined; // a link that leads nowhere
  }
}

function isSame(before: Watched["before"], after: State): boolean {
  return typeof before === "object" && typeof after === "object" && before.link === after.link;
}

/**
 * The folders between `workspace` and the paths, parents first. Who may rename one takes what is in it to another name, where
 * nobody looks for it: so drivers pin them.
 */
export function foldersTo(workspace: string, paths: readonly string[]): readonly string[] {
  return withParents(
    workspace,
    paths.map((path) => dirname(path)),
  );
}

/** The paths and all folders between them and the workspace, parents first. */
function withParents(workspace: string, paths: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (const path of paths) {
    for (let step = path; isBelow(step, workspace); step = dirname(step)) all.add(step);
  }
  return [...all].sort();
}
