import { join } from "node:path";

import { findSkillFolders } from "./find-folders.ts";
import { createFolderFiles } from "./folder-files.ts";
import { hashSkill } from "./hash-skill.ts";
import type { SkillLock } from "./skill-lock.ts";

/** Hashes every file of every skill below a root. @throws TauError `skill.refused_file`, `skill.too_large` */
export async function lockSkills(root: string, signal: AbortSignal): Promise<SkillLock> {
  const lock: [string, SkillLock[string]][] = [];
  for (const path of await findSkillFolders(root, signal))
    lock.push([path, await hashSkill(createFolderFiles(join(root, path)), signal)]);
  return Object.fromEntries(lock);
}
