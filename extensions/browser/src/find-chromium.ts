import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

import { TauError } from "@tau/core";

/** Names under which Chromium is looked for, in this order. */
const names: readonly string[] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * The path of Chromium: the one that is named, else the first on the search path, by its usual names.
 *
 * @throws TauError `browser.not_found`
 */
export function findChromium(named?: string, searchPath: string = process.env["PATH"] ?? ""): string {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  const candidates =
    named === undefined
      ? names.flatMap((name) => folders.map((folder) => join(folder, name)))
      : isAbsolute(named)
        ? [named]
        : folders.map((folder) => join(folder, named));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  const where = named === undefined ? "on this machine" : "where the settings say";
  throw new TauError("browser.not_found", `There is no Chromium ${where}. Install it: apt install chromium`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
