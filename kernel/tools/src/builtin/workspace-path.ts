import { relative, resolve } from "node:path/posix";

import { TauError } from "@tau/core";

/**
 * Makes a path of the model's absolute: relative ones start at the workspace, `.` and `..` are resolved.
 *
 * @throws TauError `tool.invalid_arguments` for paths that mean something else to a shell than to a file system
 */
export function workspacePath(workspace: string, path: string): string {
  if (path.includes("\0")) throw invalid("A path cannot contain a NUL character.");
  if (path === "~" || path.startsWith("~/")) {
    throw invalid(`"~" is not expanded: write the absolute path, or one relative to ${workspace}.`);
  }
  return resolve(workspace, path);
}

/** The path as the model should use it: relative when it is inside of the workspace. */
export function displayPath(workspace: string, path: string): string {
  const inside = relative(workspace, path);
  if (inside === "") return ".";
  return inside === ".." || inside.startsWith("../") ? path : inside;
}

function invalid(message: string): TauError {
  return new TauError("tool.invalid_arguments", message);
}
