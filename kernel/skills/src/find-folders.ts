import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { byCodeUnits } from "./order.ts";

const maxDepth = 4;
const maxFolders = 2_000;
const skipped = new Set(["node_modules", ".git"]);

/**
 * Finds the folders below `root` that hold a SKILL.md, at most 4 levels deep and among at most 2,000 folders; as paths
 * relative to the root, in order. A skill holds no other skills. Links are not followed: they may lead anywhere.
 */
export async function findSkillFolders(root: string, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  let level = [""];
  let seen = 0;
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      signal.throwIfAborted();
      seen += 1;
      if (seen > maxFolders) return found.toSorted(byCodeUnits);
      const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => []);
      if (path !== "" && entries.some((entry) => entry.isFile() && /^skill\.md$/iu.test(entry.name))) {
        found.push(path);
        continue;
      }
      for (const entry of entries) {
        if (entry.isDirectory() && !skipped.has(entry.name))
          next.push(path === "" ? entry.name : `${path}/${entry.name}`);
      }
    }
    level = next.toSorted(byCodeUnits);
  }
  return found.toSorted(byCodeUnits);
}
