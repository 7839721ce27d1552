import { byCodeUnits } from "./order.ts";
import { fileNotFound, skillTooLarge } from "./skill-file-error.ts";
import { skillLimits } from "./skill-files.ts";
import type { SkillFiles } from "./skill-files.ts";
import { skillPathNames } from "./skill-path.ts";

/**
 * Makes a skill out of texts by path, for skills that a program brings along.
 *
 * @throws TauError `skill.invalid_path`, `skill.too_large`
 */
export function createMemoryFiles(name: string, texts: Readonly<Record<string, string>>): SkillFiles {
  const encoder = new TextEncoder();
  const files = new Map(
    Object.entries(texts)
      .map(([path, text]): [string, Uint8Array] => [skillPathNames(path).join("/"), encoder.encode(text)])
      .toSorted(([a], [b]) => byCodeUnits(a, b)),
  );
  if (files.size > skillLimits.files) throw skillTooLarge(name, `it has ${files.size} files`);
  return {
    name,
    list(signal) {
      signal.throwIfAborted();
      const listed = [...files].map(([path, data]) => ({ path, bytes: data.length }));
      return Promise.resolve({ files: listed, refused: [] });
    },
    async read(path, signal) {
      signal.throwIfAborted();
      const data = files.get(skillPathNames(path).join("/"));
      if (data === undefined) throw fileNotFound(name, path);
      return await Promise.resolve(data.slice());
    },
  };
}
