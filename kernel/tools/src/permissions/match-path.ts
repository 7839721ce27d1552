import { foldPath } from "./path-pattern.ts";
import type { PathPattern, PathSegment } from "./path-pattern.ts";
import { matchesWildcard } from "./wildcard.ts";
import type { Wildcard } from "./wildcard.ts";

/** A path taken apart once, to be matched many times. */
export interface PathNames {
  readonly exact: readonly string[];
  /** The same as a file system sees it that ignores case. */
  readonly folded: readonly string[];
}

/** The folders that patterns are written from. */
export interface PathRoots {
  readonly workspace: PathNames;
  readonly home: PathNames;
}

/** Takes an absolute, normalised path apart. */
export function toPathNames(path: string): PathNames {
  const exact = path.split("/").filter(Boolean);
  const folded = foldPath(path);
  return { exact, folded: folded === path ? exact : folded.split("/").filter(Boolean) };
}

/** Tells whether a pattern covers a path. */
export function matchesPath(pattern: PathPattern, path: PathNames, roots: PathRoots): boolean {
  const names = namesBelowAnchor(pattern, path, roots);
  if (names === undefined || !pattern.alternatives.some((segments) => matchesNames(segments, names)))
    return false;
  return pattern.except === undefined || !matchesPath(pattern.except, path, roots);
}

function namesBelowAnchor(
  { anchor, broad }: PathPattern,
  path: PathNames,
  roots: PathRoots,
): readonly string[] | undefined {
  const by = broad ? "folded" : "exact";
  if (anchor === "root" || anchor === "anywhere") return path[by];
  const root = roots[anchor][by];
  return root.every((name, index) => path[by][index] === name) ? path[by].slice(root.length) : undefined;
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
