import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  compareSkill,
  createFolderFiles,
  describeChanges,
  lockSkills,
  parseSkillLock,
  renderSkillLock,
  skillLockName,
  withHashes,
} from "@tau/skills";
import type { SkillHashes, SkillLock } from "@tau/skills";

import { visible } from "./plain-text.ts";
import { trust } from "./trust.ts";

/** A lock that a person may say yes to. */
export interface PlannedLock {
  readonly root: string;
  /** What is to be written. */
  readonly text: string;
  /** What a person has to read before: every skill that is new or changed, with its SKILL.md. */
  readonly lines: readonly string[];
}

/** Hashes the skills of a root and shows what is new since they were locked. Throws `skill.*`. */
export async function planLock(root: string, signal: AbortSignal): Promise<PlannedLock> {
  const before = await readLock(root);
  const now = await lockSkills(root, signal);
  const lines = [root];
  for (const [path, hashes] of Object.entries(now)) {
    const locked = Object.hasOwn(before, path) ? before[path] : undefined;
    const changes = locked === undefined ? undefined : compareSkill(locked, hashes);
    if (locked !== undefined && changes === undefined) lines.push(`  ${path}: as it was locked`);
    else {
      const what = changes === undefined ? "new" : describeChanges(changes);
      lines.push(`  ${path}: ${what}`, ...(await shown(join(root, path), hashes, signal)));
    }
  }
  for (const path of Object.keys(before)) if (!Object.hasOwn(now, path)) lines.push(`  ${path}: gone`);
  return { root, text: renderSkillLock(now), lines: lines.map(visible) };
}

/** Writes the lock and trusts exactly this text of it. */
export async function writeLock({ root, text }: PlannedLock, home: string): Promise<string> {
  const path = join(root, skillLockName);
  const draft = `${path}.${process.pid}`;
  // A project may have put a link there: it is replaced, not followed.
  await writeFile(draft, text, { flag: "wx" });
  await rename(draft, path);
  await trust(home, path, text);
  return path;
}

/** The text and the names of a skill's files, exactly as they were hashed. */
async function shown(folder: string, hashes: SkillHashes, signal: AbortSignal): Promise<readonly string[]> {
  const files = withHashes(createFolderFiles(folder), hashes);
  const [main, ...others] = Object.keys(hashes).toSorted((a, b) => rank(a) - rank(b));
  const text = main === undefined ? "" : new TextDecoder().decode(await files.read(main, signal));
  return [
    ...text
      .trimEnd()
      .split("\n")
      .map((line) => `    │ ${line}`),
    ...others.map((path) => `    + ${path}`),
  ];
}

function rank(path: string): number {
  return /^skill\.md$/iu.test(path) ? 0 : 1;
}

/** What was locked; a lock that cannot be read, as good as none. */
async function readLock(root: string): Promise<SkillLock> {
  const text = await readFile(join(root, skillLockName), "utf8").catch(() => undefined);
  try {
    return text === undefined ? {} : parseSkillLock(text);
  } catch {
    return {};
  }
}
