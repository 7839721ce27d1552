import { constants } from "node:fs";
import { chmod, link, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import type { AnchoredDirectory } from "@tau/tools";
import { openDirectory } from "@tau/tools";

import type { Step } from "./steps.ts";
import { isSystemError } from "./system-error.ts";
import { absent, statsOf, treeFingerprint } from "./tree-fingerprint.ts";

/** Where {@link runSteps} moves things between. All three are on one file system. */
export interface StepPlaces {
  /** A real path. */
  readonly workspace: string;
  /** Holds what is put in place, named by numbers. */
  readonly from: string;
  /** Takes what is set aside. */
  readonly to: string;
}

/**
 * Carries out steps. Each is a rename and knows from what lies where whether it was done, so that running the same
 * steps again after an interruption does the rest, and running the inverted ones takes back what was done.
 *
 * Folders are opened first and checked to be where they should: a folder that became a symlink leads nowhere.
 */
export async function runSteps(steps: readonly Step[], places: StepPlaces): Promise<void> {
  await using from = await openDirectory(places.from, false);
  await using to = await openDirectory(places.to, false);
  for (const step of steps) {
    const path = join(places.workspace, step.path);
    await using parent = await openDirectory(dirname(path), false);
    const target = parent.entry(basename(path));
    if (step.kind === "mode") await setMode(target, step.mode);
    else if (step.kind === "remove") await remove(target, to.entry(String(step.n)));
    else await put(target, step, { from, to });
  }
}

/**
 * Names the paths where the workspace is not as `expected` says, by path; a path that is not listed must be absent.
 * Steps that were done already are not looked at.
 */
export async function pathsThatChanged(
  steps: readonly Step[],
  places: StepPlaces,
  expected: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const pathsOf = (...kinds: readonly Step["kind"][]): ReadonlySet<string> =>
    new Set(steps.filter(({ kind }) => kinds.includes(kind)).map(({ path }) => path));
  const [freed, moved] = [pathsOf("remove"), pathsOf("remove", "put")];
  const changed: string[] = [];
  for (const step of steps) {
    if (!(await isAsExpected(step, places, { expected, freed, moved }))) changed.push(step.path);
  }
  return [...new Set(changed)];
}

interface Expectation {
  readonly expected: Readonly<Record<string, string>>;
  /** Paths at which something is removed before something is put there. */
  readonly freed: ReadonlySet<string>;
  /** Paths that are moved as a whole. */
  readonly moved: ReadonlySet<string>;
}

async function isAsExpected(
  step: Step,
  { workspace, from, to }: StepPlaces,
  { expected, freed, moved }: Expectation,
): Promise<boolean> {
  const path = join(workspace, step.path);
  const stats = await statsOf(path);
  if (step.kind === "mode") {
    if (moved.has(step.path)) return true;
    const mode = stats?.isDirectory() === true ? Number(stats.mode) & 0o7777 : undefined;
    return mode === step.before || mode === step.mode;
  }
  const aside = await statsOf(join(to, String(step.n)));
  if (step.kind === "remove")
    return aside !== undefined || (await treeFingerprint(path)) === expected[step.path];
  if ((await statsOf(join(from, String(step.n)))) === undefined) return true;
  if (!step.replaces)
    return freed.has(step.path) || ((await treeFingerprint(path)) === absent && (await hasFolder(path)));
  // Setting aside is a second name for the same file, which changes its record.
  if (aside !== undefined && stats?.ino === aside.ino) return true;
  return (await treeFingerprint(path)) === expected[step.path];
}

async function hasFolder(path: string): Promise<boolean> {
  return (await statsOf(dirname(path)))?.isDirectory() === true;
}

// O_PATH: a folder that nobody may read has no other descriptor.
const folderItself = 0o10000000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Through a descriptor, since what was a folder a moment ago may be a symlink now; of anything else nothing is changed. */
async function setMode(target: string, mode: number): Promise<void> {
  try {
    await using folder = await open(target, folderItself);
    await chmod(`/proc/self/fd/${folder.fd}`, mode);
  } catch (error) {
    if (!["ENOENT", "ENOTDIR", "ELOOP"].some((code) => isSystemError(error, code))) throw error;
  }
}

async function remove(target: string, aside: string): Promise<void> {
  if ((await statsOf(aside)) === undefined) await rename(target, aside);
}

async function put(
  target: string,
  { n, replaces }: Extract<Step, { readonly kind: "put" }>,
  { from, to }: { readonly from: AnchoredDirectory; readonly to: AnchoredDirectory },
): Promise<void> {
  const [source, aside] = [from.entry(String(n)), to.entry(String(n))];
  const [coming, there] = [await statsOf(source), await statsOf(target)];
  if (coming === undefined) return;
  // Renaming a file onto another of its own names does nothing, and says that it did.
  if (there?.ino === coming.ino) return await unlink(source);
  if (replaces && (await statsOf(aside)) === undefined) await setAside(target, aside);
  await rename(source, target);
}

/** A second name, so that the path is never without a file; a system that refuses it gets the file moved. */
async function setAside(target: string, aside: string): Promise<void> {
  try {
    await link(target, aside);
  } catch (error) {
    if (!["EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP"].some((code) => isSystemError(error, code))) throw error;
    await rename(target, aside);
  }
}
