import { join } from "node:path";

import { isTauError } from "@tau/core";
import { readTextFile } from "@tau/core/files";

import { findSkillFolders } from "./find-folders.ts";
import { createFolderFiles } from "./folder-files.ts";
import { hashSkill, withHashes } from "./hash-skill.ts";
import { loadSkill } from "./load-skill.ts";
import { byCodeUnits } from "./order.ts";
import type { SkillFiles } from "./skill-files.ts";
import {
  compareSkill,
  describeChanges,
  parseSkillLock,
  skillLockBytes,
  skillLockName,
} from "./skill-lock.ts";
import type { SkillChanges, SkillLock } from "./skill-lock.ts";
import type { Skill } from "./skill.ts";

/** Whose skills they are, the one that wins first: those of a project count only once a person trusted them. */
export type SkillLevel = "project" | "user" | "built-in";

/** Where to look for skills: a folder, or files that a program brings along. */
export type SkillRoot =
  | { readonly level: SkillLevel; readonly folder: string }
  | { readonly level: "built-in"; readonly skills: readonly SkillFiles[] };

/**
 * What became of a skill that was found:
 * - `usable`: the agent may look it up
 * - `shadowed`: a usable one of the same name comes before it
 * - `untrusted`: it is a project's, and its lock is missing or not trusted
 * - `quarantined`: it is not what was locked
 * - `unreadable`: it cannot be read
 */
export type SkillStatus = "usable" | "shadowed" | "untrusted" | "quarantined" | "unreadable";

/** A skill that was found. */
export interface FoundSkill {
  /** Its name, or that of its folder where it cannot be read. */
  readonly name: string;
  readonly level: SkillLevel;
  readonly root?: string;
  /** The path of its folder below the root. */
  readonly path: string;
  readonly status: SkillStatus;
  /** Why it is not usable. */
  readonly reason?: string;
  /** How it differs from what was locked. */
  readonly changes?: SkillChanges;
  readonly skill?: Skill;
}

/** Options of {@link discoverSkills}. */
export interface DiscoverOptions {
  /**
   * Whether a person on this machine trusted exactly this lock of a project's folder; see {@link skillLockName}. Default:
   * nobody trusted any.
   */
  trusts?(lock: { readonly path: string; readonly text: string }): Promise<boolean>;
  readonly signal: AbortSignal;
}

/** What {@link discoverSkills} found. */
export interface SkillSet {
  /** Those that the agent may look up, ordered by name; each name once. */
  readonly skills: readonly Skill[];
  /** All of them, in the order in which they win. */
  readonly found: readonly FoundSkill[];
}

/**
 * Finds the skills below some roots. Of several usable ones of a name the first wins: a project's before the user's, the
 * user's before those built in, and within a level by the order of the roots. What is not usable never stands in the way.
 *
 * Never throws for what is wrong with a skill: that is its `reason`.
 */
export async function discoverSkills(
  roots: readonly SkillRoot[],
  options: DiscoverOptions,
): Promise<SkillSet> {
  const levels: readonly SkillLevel[] = ["project", "user", "built-in"];
  const all: FoundSkill[] = [];
  for (const root of roots.toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level)))
    all.push(...("folder" in root ? await inFolder(root, options) : await builtIn(root.skills, options)));
  const winners = new Map<string, FoundSkill>();
  const found = all.map((one): FoundSkill => {
    if (one.status !== "usable") return one;
    const winner = winners.get(one.name);
    if (winner === undefined) winners.set(one.name, one);
    if (winner === undefined) return one;
    return { ...one, status: "shadowed", reason: `A ${winner.level} skill of this name comes before it.` };
  });
  const skills = [...winners.values()].flatMap(({ skill }) => (skill === undefined ? [] : [skill]));
  return { skills: skills.toSorted((a, b) => byCodeUnits(a.name, b.name)), found };
}

async function builtIn(
  skills: readonly SkillFiles[],
  { signal }: DiscoverOptions,
): Promise<readonly FoundSkill[]> {
  return await Promise.all(
    skills.map(
      async (files) => await judged({ level: "built-in", path: files.name }, () => loadSkill(files, signal)),
    ),
  );
}

type Place = Pick<FoundSkill, "level" | "root" | "path">;

/** What the lock of a root says. */
interface LockState {
  /** Absent when there is no lock: then nothing is pinned. */
  readonly lock?: SkillLock;
  /** Why none of the root's skills counts. */
  readonly refusal?: string;
}

async function inFolder(
  { level, folder: root }: { readonly level: SkillLevel; readonly folder: string },
  options: DiscoverOptions,
): Promise<readonly FoundSkill[]> {
  const { signal } = options;
  const folders = await findSkillFolders(root, signal);
  if (folders.length === 0) return [];
  const state = await lockState(root, level, options);
  const found: FoundSkill[] = [];
  for (const path of folders) {
    const files = createFolderFiles(join(root, path));
    const place = { level, root, path };
    const one = await judged(place, () => loadSkill(files, signal));
    found.push(one.skill === undefined ? one : await locked(one, one.skill, { state, signal }));
  }
  return found;
}

async function lockState(root: string, level: SkillLevel, { trusts }: DiscoverOptions): Promise<LockState> {
  const path = join(root, skillLockName);
  let text: string | undefined;
  try {
    text = await readTextFile(path, skillLockBytes);
  } catch (error) {
    // What is there and cannot be read may be what pins the skills.
    if (!isMissing(error)) return { refusal: "Their lock cannot be read." };
  }
  if (level === "project") {
    if (text === undefined) return { refusal: "Nobody has looked at this project's skills and locked them." };
    if ((await trusts?.({ path, text })) !== true)
      return { refusal: "Nobody on this machine has trusted this lock of the project's skills." };
  }
  if (text === undefined) return {};
  try {
    return { lock: parseSkillLock(text) };
  } catch (error) {
    return { refusal: reasonOf(error) };
  }
}

async function judged(place: Place, load: () => Promise<Skill>): Promise<FoundSkill> {
  try {
    const skill = await load();
    return { ...place, name: skill.name, status: "usable", skill };
  } catch (error) {
    if (!isTauError(error)) throw error;
    const name = place.path.split("/").at(-1) ?? place.path;
    return { ...place, name, status: "unreadable", reason: error.message };
  }
}

/** Judges a skill by the lock of its root, and pins its files to what was locked. */
async function locked(
  one: FoundSkill,
  skill: Skill,
  { state, signal }: { readonly state: LockState; readonly signal: AbortSignal },
): Promise<FoundSkill> {
  const { lock, refusal } = state;
  if (refusal !== undefined)
    return { ...one, status: one.level === "project" ? "untrusted" : "quarantined", reason: refusal };
  if (lock === undefined) return one;
  const hashes = Object.hasOwn(lock, one.path) ? lock[one.path] : undefined;
  if (hashes === undefined)
    return { ...one, status: "quarantined", reason: "It is new since the skills were locked." };
  try {
    const changes = compareSkill(hashes, await hashSkill(skill.files, signal));
    if (changes !== undefined) {
      const reason = `It is not what was locked: ${describeChanges(changes)}.`;
      return { ...one, status: "quarantined", reason, changes };
    }
    // Read again through the pinned files, so that what is known of it is what was locked.
    return { ...one, skill: await loadSkill(withHashes(skill.files, hashes), signal) };
  } catch (error) {
    return { ...one, status: "quarantined", reason: reasonOf(error) };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function reasonOf(error: unknown): string {
  if (isTauError(error)) return error.message;
  throw error;
}
