import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Tells whether the folder, or one above it, has a `.git`. */
export function isInRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return true;
    if (at === dirname(at)) return false;
  }
}
