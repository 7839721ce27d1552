import { isJsonObject, parseJson, TauError } from "@tau/core";

import type { SkillHashes } from "./hash-skill.ts";
import { byCodeUnits } from "./order.ts";

/** The name of the file that lies beside the skills it locks. */
export const skillLockName = "skills.lock";

/** The most that it has, in bytes: hashes of more skills than anybody looks at. */
export const skillLockBytes = 4_000_000;

/** The hashes of skills, by the path of their folders below the root. */
export type SkillLock = Readonly<Record<string, SkillHashes>>;

/** How a skill differs from what was locked; paths in order. */
export interface SkillChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

const version = 1;

/** Writes a lock: the same skills always give the same bytes. */
export function renderSkillLock(lock: SkillLock): string {
  const skills = sorted(
    Object.entries(lock).map(([folder, hashes]) => [folder, sorted(Object.entries(hashes))]),
  );
  return `${JSON.stringify({ version, skills }, undefined, 2)}\n`;
}

/** Reads a lock. @throws TauError `skill.invalid_lock` */
export function parseSkillLock(text: string): SkillLock {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value) || parsed.value["version"] !== version) throw invalidLock();
  const { skills } = parsed.value;
  if (!isJsonObject(skills)) throw invalidLock();
  return Object.fromEntries(Object.entries(skills).map(([folder, hashes]) => [folder, toHashes(hashes)]));
}

/** Tells how a skill differs from what was locked; undefined when it does not. */
export function compareSkill(locked: SkillHashes, now: SkillHashes): SkillChanges | undefined {
  const [before, after] = [Object.keys(locked), Object.keys(now)];
  const changes = {
    added: after.filter((path) => !Object.hasOwn(locked, path)).toSorted(byCodeUnits),
    changed: after
      .filter((path) => Object.hasOwn(locked, path) && locked[path] !== now[path])
      .toSorted(byCodeUnits),
    removed: before.filter((path) => !Object.hasOwn(now, path)).toSorted(byCodeUnits),
  };
  return Object.values(changes).every((paths) => paths.length === 0) ? undefined : changes;
}

/** Says a difference in one line: `changed SKILL.md; added scripts/a.sh, scripts/b.sh and 3 more`. */
export function describeChanges(changes: SkillChanges): string {
  const kinds = ["changed", "added", "removed"] as const;
  return kinds
    .filter((kind) => changes[kind].length > 0)
    .map((kind) => `${kind} ${listed(changes[kind])}`)
    .join("; ");
}

function listed(paths: readonly string[]): string {
  const shown = 5;
  const rest = paths.length > shown ? ` and ${paths.length - shown} more` : "";
  return `${paths.slice(0, shown).join(", ")}${rest}`;
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => byCodeUnits(a, b)));
}

function toHashes(value: unknown): SkillHashes {
  if (!isJsonObject(value)) throw invalidLock();
  const entries = Object.entries(value).map(([path, hash]): [string, string] => {
    if (typeof hash !== "string" || !/^[0-9a-f]{64}$/u.test(hash)) throw invalidLock();
    return [path, hash];
  });
  return Object.fromEntries(entries);
}

function invalidLock(): TauError {
  return new TauError(
    "skill.invalid_lock",
    `A ${skillLockName} cannot be read: look at the skills, then lock them again.`,
  );
}
