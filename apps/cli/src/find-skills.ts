import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import type { SkillRoot, SkillSet } from "@tau/skills";

import { isTrusted } from "./trust.ts";

/** Where skills are looked for. */
export interface SkillPlace {
  /** Where Tau keeps its data. */
  readonly home: string;
  /** The project's folder. */
  readonly cwd: string;
}

/** Where there are none, or nobody needs any. */
export const noSkills: SkillSet = { skills: [], found: [] };

/** The folders that hold skills, the first one first: those of the project, then those of the person. */
export async function skillRoots({
  home,
  cwd,
}: SkillPlace): Promise<readonly (SkillRoot & { folder: string })[]> {
  const project = await realpath(cwd);
  const kinds = [".tau", ".agents", ".claude"];
  const roots = [
    ...kinds.map((kind) => ({ level: "project", folder: join(project, kind, "skills") }) as const),
    { level: "user", folder: join(home, "skills") } as const,
    ...kinds.slice(1).map((kind) => ({ level: "user", folder: join(homedir(), kind, "skills") }) as const),
  ];
  const there = await Promise.all(roots.map(async ({ folder }) => await isFolder(folder)));
  return roots.filter((_, index) => there[index]);
}

/** Finds the skills that count here, and those that do not, with the reason. */
export async function findSkills(place: SkillPlace): Promise<SkillSet> {
  const roots = await skillRoots(place);
  // Most folders have none, and the parser takes some milliseconds to load.
  if (roots.length === 0) return noSkills;
  const { discoverSkills } = await import("@tau/skills");
  return await discoverSkills(roots, {
    signal: new AbortController().signal,
    trusts: async ({ path, text }) => await isTrusted(place.home, path, text),
  });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
