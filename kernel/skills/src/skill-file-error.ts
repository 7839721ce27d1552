import { TauError } from "@tau/core";

import { skillLimits } from "./skill-files.ts";

/** The error for a file that a skill does not have. */
export function fileNotFound(skill: string, path: string): TauError {
  return new TauError(
    "skill.file_not_found",
    `The skill ${JSON.stringify(skill)} has no file ${JSON.stringify(path)}.`,
  );
}

/** The error for what may lead out of the folder. */
export function fileRefused(skill: string, path: string): TauError {
  return new TauError(
    "skill.refused_file",
    `${JSON.stringify(path)} of the skill ${JSON.stringify(skill)} is a link or no regular file: put a copy there instead.`,
  );
}

/** The error for a skill beyond {@link skillLimits}. */
export function skillTooLarge(skill: string, what: string): TauError {
  const { files, fileBytes, allBytes, depth } = skillLimits;
  return new TauError(
    "skill.too_large",
    `The skill ${JSON.stringify(skill)} is too large: ${what}. At most ${files} files in ${depth} levels are read, ${fileBytes} bytes each, ${allBytes} together.`,
  );
}
