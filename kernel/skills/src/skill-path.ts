import { TauError } from "@tau/core";

const maxLength = 400;

/** Control characters, line separators and whatever has no shape: nobody can see what such a path names. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Takes a path of a model apart into the names that lead to a file below the skill's folder.
 *
 * Decides by the text alone, so that the answer is the same on every system and whatever the disk holds; links on
 * the disk are the reader's to refuse.
 *
 * @throws TauError `skill.invalid_path`
 */
export function skillPathNames(path: string): readonly string[] {
  const names = (path.startsWith("./") ? path.slice(2) : path).split("/");
  const isPlain = path.length <= maxLength && !unseen.test(path) && !/[\\:]/u.test(path);
  if (isPlain && names.every((name) => name !== "" && name !== "." && name !== "..")) return names;
  throw new TauError(
    "skill.invalid_path",
    `${JSON.stringify(path.slice(0, 80))} does not name a file of the skill: write it relative to the skill's folder, such as "references/forms.md", without "..", "\\" and ":".`,
  );
}
