import { accessSync, constants, realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** The real path of the first program called `name` on `searchPath`; undefined when there is none. */
export function findProgram(name: string, searchPath: string | undefined): string | undefined {
  const candidates = isAbsolute(name)
    ? [name]
    : [...(searchPath ?? "").split(":"), "/usr/local/bin", "/usr/bin", "/bin"]
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, name));
  return candidates.find((path) => isRunnable(path));
}

function isRunnable(path: string): boolean {
  try {
    accessSync(realpathSync(path), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
