import { isTauError, TauError } from "@tau/core";

import { parseFrontMatter } from "./front-matter.ts";
import type { FrontMatter } from "./front-matter.ts";
import { readText } from "./read-text.ts";
import type { SkillFiles } from "./skill-files.ts";

/** What the specification calls the file, and what it also lets pass. */
const names = ["SKILL.md", "skill.md"];

/** Reads and takes apart the SKILL.md. @throws TauError `skill.invalid` when there is none, and what `read` throws */
export async function readDocument(files: SkillFiles, signal: AbortSignal): Promise<FrontMatter> {
  for (const name of names) {
    try {
      return parseFrontMatter(await readText(files, name, signal));
    } catch (error) {
      if (!isTauError(error) || error.code !== "skill.file_not_found") throw error;
    }
  }
  throw new TauError("skill.invalid", `The folder ${JSON.stringify(files.name)} has no SKILL.md.`);
}
