import { accessSync, constants } from "node:fs";
import { isAbsolute, join } from "node:path";

import { commandVariables, programPathOf } from "@tau/tools";

import type { Settings } from "./settings.ts";

/** The path of a program as commands of agents find it; undefined when there is none. */
export function findProgram(name: string, { programs = [] }: Pick<Settings, "programs">): string | undefined {
  return [...programs, ...programPathOf(commandVariables(process.env))]
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find((path) => isRunnable(path));
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
