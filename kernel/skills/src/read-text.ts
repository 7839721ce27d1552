import { TauError } from "@tau/core";

import type { SkillFiles } from "./skill-files.ts";

/** Reads a file of a skill as UTF-8 text. @throws TauError `skill.file_not_text`, and what `read` throws */
export async function readText(files: SkillFiles, path: string, signal: AbortSignal): Promise<string> {
  const data = await files.read(path, signal);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    if (!text.includes("\0")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new TauError(
    "skill.file_not_text",
    `${JSON.stringify(path)} of the skill ${JSON.stringify(files.name)} is not UTF-8 text (${data.length} bytes).`,
  );
}
