import { relative } from "node:path/posix";

import { TauError } from "@tau/core";

import { workspacePath } from "../builtin/workspace-path.ts";
import { isWithin } from "../host/path-policy.ts";

// None of these can be taken for an option, a range of its own, a path with magic or a command.
const name = /^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*$/u;
const revision =
  /^[A-Za-z0-9_][A-Za-z0-9_./+#@-]*(?:(?:[~^]\d*)|@\{\d+\}|\^\{(?:commit|tree|blob|tag)?\})*$/u;

/**
 * A commit, tree or blob by name, with `~`, `^` and `@{n}` behind it; `HEAD`, `main~2`, `v1.0^{commit}`.
 *
 * @throws TauError `git.invalid_value`
 */
export function revisionOf(value: string): string {
  if (!revision.test(value) || value.includes(".."))
    throw invalid("revision", value, "a commit, branch or tag");
  return value;
}

/** A range `a..b` or `a...b` of revisions, or one revision. Throws `git.invalid_value`. */
export function rangeOf(value: string): string {
  const ends = value.split(/\.{2,3}/u);
  if (ends.length > 2) throw invalid("range", value, "two revisions with .. or ... between them");
  for (const end of ends) revisionOf(end);
  return value;
}

/** The name of a branch, a tag or a remote. Throws `git.invalid_value`. */
export function nameOf(value: string): string {
  const isBad =
    value.includes("..") || value.includes("//") || value.includes("@{") || /(?:\/|\.|\.lock)$/u.test(value);
  if (!name.test(value) || isBad || value.length > 250)
    throw invalid("name", value, "letters, digits and . _ / -");
  return value;
}

/**
 * Paths as Git takes them, relative to the repository. Throws `git.invalid_value` for one outside of it, and for its
 * `.git`.
 */
export function pathsOf(paths: readonly string[], folder: string): readonly string[] {
  return paths.map((path) => {
    const whole = workspacePath(folder, path);
    const inside = relative(folder, whole);
    if (!isWithin(whole, folder) || /(?:^|\/)\.git(?:\/|$)/iu.test(inside))
      throw invalid("path", path, "a path inside of the repository, relative to it, and not in its .git");
    return inside === "" ? "." : inside;
  });
}

function invalid(what: string, value: string, wanted: string): TauError {
  return new TauError(
    "git.invalid_value",
    `${JSON.stringify(value.slice(0, 100))} is not taken as a ${what}: give ${wanted}.`,
  );
}
