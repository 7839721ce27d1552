import { basename } from "node:path/posix";

import { defaultSecretPaths, isSecretFileName } from "../host/guarded-paths.ts";

/** The name of the secret that a file holds by custom, for example `file:.env`; absent when it holds none. */
export function secretOfPath(path: string, home: string): string | undefined {
  const name = basename(path);
  const isSecret =
    isSecretFileName(name) || /^\/proc\/[^/]+\/environ$/u.test(path) || isBelowAny(path, secretPathsOf(home));
  return isSecret ? `file:${name}` : undefined;
}

let known: { readonly home: string; readonly paths: ReadonlySet<string> } | undefined;

/** A command names many files, and all are asked about with the same home: its paths are put together once. */
function secretPathsOf(home: string): ReadonlySet<string> {
  if (known?.home !== home) known = { home, paths: new Set(defaultSecretPaths(home)) };
  return known.paths;
}

/** Whether a path is one of these, or below one. */
function isBelowAny(path: string, folders: ReadonlySet<string>): boolean {
  for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    if (folders.has(at)) return true;
    if (!at.includes("/")) return false;
  }
  return false;
}
