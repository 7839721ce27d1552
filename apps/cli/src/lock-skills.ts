import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { readTextFile } from "@tau/core/files";
import {
  compareSkill,
  createFolderFiles,
  describeChanges,
  lockSkills,
  parseSkillLock,
  renderSkillLock,
  skillLockBytes,
  skillLockName,
  withHashes,
} from "@tau/skills";
import type { SkillFiles, SkillHashes, SkillLock } from "@tau/skills";

import { keepText, keptText } from "./locked-texts.ts";
import { visible } from "./plain-text.ts";
import { isTrusted, trust } from "./trust.ts";

/** A lock that a person may say yes to. */
export interface PlannedLock {
  readonly root: string;
  readonly locked: SkillLock;
  /** What is to be written. */
  readonly text: string;
  /** What a person has to read before: every skill that is new or changed, with its SKILL.md. */
  readonly lines: readonly string[];
}

/** Hashes the skills of a root and shows what is new since they were locked, line by line. Throws `skill.*`. */
export async function planLock(root: string, home: string, signal: AbortSignal): Promise<PlannedLock> {
  const before = await readLock(root, home);
  const now = await lockSkills(root, signal);
  const lines = [root];
  for (const [path, hashes] of Object.entries(now)) {
    const locked = Object.hasOwn(before, path) ? before[path] : undefined;
    const changes = locked === undefined ? undefined : compareSkill(locked, hashes);
    if (locked !== undefined && changes === undefined) lines.push(`  ${path}: as it was locked`);
    else {
      const what = changes === undefined ? "new" : describeChanges(changes);
      const files = withHashes(createFolderFiles(join(root, path)), hashes);
      lines.push(`  ${path}: ${what}`);
      lines.push(...(await shown({ files, hashes, locked: locked ?? {}, home, signal })));
    }
  }
  for (const path of Object.keys(before)) if (!Object.hasOwn(now, path)) lines.push(`  ${path}: gone`);
  return { root, locked: now, text: renderSkillLock(now), lines: lines.map(visible) };
}

/** Writes the lock and trusts exactly this text of it. */
export async function writeLock({ root, text, locked }: PlannedLock, home: string): Promise<string> {
  await keepTexts(root, locked, home);
  const path = join(root, skillLockName);
  const draft = `${path}.${process.pid}`;
  // A project may have put a link there: it is replaced, not followed.
  await writeFile(draft, text, { flag: "wx" });
  await rename(draft, path);
  await trust(home, path, text);
  return path;
}

/** What a person agrees to is kept, so that a later change can be shown line by line. */
async function keepTexts(root: string, locked: SkillLock, home: string): Promise<void> {
  const { signal } = new AbortController();
  for (const [path, hashes] of Object.entries(locked)) {
    const files = withHashes(createFolderFiles(join(root, path)), hashes);
    for (const file of Object.keys(hashes)) await keepText(home, await files.read(file, signal));
  }
}

interface Changed {
  /** Read exactly as they were hashed. */
  readonly files: SkillFiles;
  readonly hashes: SkillHashes;
  /** The hashes that were locked; empty for a new skill. */
  readonly locked: SkillHashes;
  readonly home: string;
  readonly signal: AbortSignal;
}

/** What is different line by line; of what was not seen before, the whole SKILL.md and the names of the others. */
async function shown({ files, hashes, locked, home, signal }: Changed): Promise<readonly string[]> {
  const lines: string[] = [];
  const names = Object.keys(hashes).toSorted((a, b) => rank(a) - rank(b));
  for (const [index, name] of names.entries()) {
    const { [name]: before = "" } = locked;
    if (before === hashes[name]) continue;
    const text = new TextDecoder().decode(await files.read(name, signal));
    const agreed = before === "" ? undefined : await keptText(home, before);
    if (agreed !== undefined) lines.push(`    ${name}`, ...(await differences(agreed, text)));
    else if (index === 0)
      lines.push(
        ...text
          .trimEnd()
          .split("\n")
          .map((line) => `    │ ${line}`),
      );
    else lines.push(`    + ${name}`);
  }
  return lines;
}

async function differences(before: string, after: string): Promise<readonly string[]> {
  const { structuredPatch } = await import("diff");
  const patch = structuredPatch("", "", before, after, undefined, undefined, { context: 2, timeout: 500 });
  // Whoever writes a skill must not have its change hidden by making it hard to compare.
  if (patch === undefined)
    return [
      "    (changed too much to be compared; all of it as it is now)",
      ...after.split("\n").map((line) => `    │ ${line}`),
    ];
  return patch.hunks.flatMap(({ lines }) => ["    │ …", ...lines.map((line) => `    │ ${line}`)]);
}

function rank(path: string): number {
  return /^skill\.md$/iu.test(path) ? 0 : 1;
}

/** What a person of this machine locked; a lock that cannot be read, or came with the folder, is as good as none. */
async function readLock(root: string, home: string): Promise<SkillLock> {
  const path = join(root, skillLockName);
  const text = await readTextFile(path, skillLockBytes).catch(() => undefined);
  try {
    return text !== undefined && (await isTrusted(home, path, text)) ? parseSkillLock(text) : {};
  } catch {
    return {};
  }
}
