import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { onTestFinished } from "vitest";

import { loadSkill } from "./load-skill.ts";
import { createMemoryFiles } from "./memory-files.ts";
import type { Skill } from "./skill.ts";

/** Never aborts. */
export const signal: AbortSignal = new AbortController().signal;

/** The text of a SKILL.md. */
export function skillText(name: string, description: string, more = "", body = "Do it."): string {
  return `---\nname: ${name}\ndescription: ${description}\n${more}---\n\n${body}\n`;
}

/** Loads a skill from memory, as its SKILL.md says. */
export async function skillOf(text: string, folder = "sample"): Promise<Skill> {
  return await loadSkill(createMemoryFiles(folder, { "SKILL.md": text }), signal);
}

/** Makes a folder of these files, which is removed when the test is over. */
export async function createFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tau-skills-")));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await put(folder, files);
  return folder;
}

/** Writes files below a folder. */
export async function put(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
