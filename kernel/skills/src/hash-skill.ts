import { hash } from "node:crypto";

import { TauError } from "@tau/core";

import type { SkillFiles } from "./skill-files.ts";

/** SHA-256 of every file of a skill by its path, in the order of the listing. */
export type SkillHashes = Readonly<Record<string, string>>;

/** Hashes every file of a skill. @throws TauError what `list` and `read` throw */
export async function hashSkill(files: SkillFiles, signal: AbortSignal): Promise<SkillHashes> {
  const { files: listed } = await files.list(signal);
  const hashes: [string, string][] = [];
  for (const { path } of listed) hashes.push([path, sha256(await files.read(path, signal))]);
  return Object.fromEntries(hashes);
}

/**
 * Wraps the files of a skill so that only what has these hashes is handed out: whoever changes a file later, or while it
 * is read, changes nothing for the agent.
 */
export function withHashes(files: SkillFiles, hashes: SkillHashes): SkillFiles {
  return {
    ...files,
    async list(signal) {
      const { files: listed, refused } = await files.list(signal);
      return { files: listed.filter(({ path }) => Object.hasOwn(hashes, path)), refused };
    },
    async read(path, signal) {
      const plain = path.startsWith("./") ? path.slice(2) : path;
      const data = await files.read(plain, signal);
      if (Object.hasOwn(hashes, plain) && hashes[plain] === sha256(data)) return data;
      throw new TauError(
        "skill.changed",
        `${JSON.stringify(plain)} of the skill ${JSON.stringify(files.name)} is not what was locked: look at it, then lock the skill again.`,
      );
    },
  };
}

function sha256(data: Uint8Array): string {
  return hash("sha256", data, "hex");
}
