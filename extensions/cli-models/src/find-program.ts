import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The path of a program: what is named by a path, or the first one of that name on the PATH. */
export async function findProgram(program: string, path: string): Promise<string | undefined> {
  const candidates = program.includes("/")
    ? [program]
    : path
        .split(delimiter)
        .filter((folder) => folder !== "")
        .map((folder) => join(folder, program));
  for (const candidate of candidates) if (await mayRun(candidate)) return candidate;
  return undefined;
}

async function mayRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
