import { foldPath } from "./path-pattern.ts";
import type { PathPattern, PathSegment } from "./path-pattern.ts";
import { matchesWildcard } from "./wildcard.ts";
import type { Wildcard } from "./wildcard.ts";

/** The folders that patterns are written from; absolute. */
export interface PathRoots {
  readonly workspace: string;
  readonly home: string;
}

/** Tells whether a pattern covers `path`, which is absolute and normalised. */
export function matchesPath(pattern: PathPattern, path: string, roots: PathRoots): boolean {
  if (pattern.except !== undefined && matchesPath(pattern.except, path, roots)) return false;
  const fold = pattern.broad ? foldPath : (text: string): string => text;
  const below = namesBelow(fold(path), fold(rootOf(pattern, roots)));
  return below !== undefined && pattern.alternatives.some((segments) => matchesNames(segments, below));
}

function rootOf(pattern: PathPattern, roots: PathRoots): string {
  if (pattern.anchor === "workspace") return roots.workspace;
  return pattern.anchor === "home" ? roots.home : "/";
}

function namesBelow(path: string, root: string): readonly string[] | undefined {
  const names = path.split("/").filter(Boolean);
  const rootNames = root.split("/").filter(Boolean);
  return rootNames.every((name, index) => names[index] === name) ? names.slice(rootNames.length) : undefined;
}

/** Greedy with one step back to the latest `**`: never worse than segments times names. */
function matchesNames(segments: readonly PathSegment[], names: readonly string[]): boolean {
  let segment = 0;
  let retrySegment = -1;
  let retryName = 0;
  let at = 0;
  while (at < names.length) {
    const expected = segments[segment];
    if (expected === "**") {
      retrySegment = ++segment;
      retryName = at;
    } else if (expected !== undefined && matchesName(expected, names[at] ?? "")) {
      segment++;
      at++;
    } else if (retrySegment !== -1) {
      segment = retrySegment;
      at = ++retryName;
    } else {
      return false;
    }
  }
  return segments.slice(segment).every((left) => left === "**");
}

/** `a?b*c` is kept as the wildcards between question marks, each of which stands for exactly one character. */
function matchesName(wildcards: readonly Wildcard[], name: string): boolean {
  const [only] = wildcards;
  if (wildcards.length === 1 && only !== undefined) return matchesWildcard(only, name);
  // Question marks are rare and names short: try every place a wildcard can end.
  let ends = new Set([-1]);
  for (const wildcard of wildcards) {
    const next = new Set<number>();
    for (const end of ends) {
      for (let stop = end + 1; stop <= name.length; stop++) {
        if (matchesWildcard(wildcard, name.slice(end + 1, stop))) next.add(stop);
      }
    }
    ends = next;
  }
  return ends.has(name.length);
}
