import { accessSync, constants } from "node:fs";

/** Where systems keep their programs. Not the PATH, which may lead into a workspace that commands write. */
const folders = [
  "/usr/bin",
  "/bin",
  "/usr/sbin",
  "/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
  "/run/current-system/sw/bin",
];

/** The absolute path of a program of the system; undefined when it has none of that name. */
export function systemProgram(name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((path) => isRunnable(path));
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
