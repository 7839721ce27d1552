import { invalidRule } from "./invalid-rule.ts";
import { toWildcard } from "./wildcard.ts";
import type { Wildcard } from "./wildcard.ts";

/** A step of a path pattern: one name, any one character per `?`, or `**` for any number of names. */
export type PathSegment = "**" | readonly Wildcard[];

/** Where paths may be, ready to be matched by {@link matchesPath}. */
export interface PathPattern {
  /** `anywhere` is a `**\/` pattern of a deny or ask rule, which is looked for outside the workspace too. */
  readonly anchor: "workspace" | "home" | "root" | "anywhere";
  /** One list per way to choose from the pattern's `{a,b}`. */
  readonly alternatives: readonly (readonly PathSegment[])[];
  /** Deny and ask rules also cover what is below a path, and do not care about case. */
  readonly broad: boolean;
  /** What the pattern leaves out: `**\/.env* except **\/.env.example`. */
  readonly except?: PathPattern;
}

const maxAlternatives = 64;

/** Compares paths the way file systems that ignore case and Unicode composition do. */
export function foldPath(path: string): string {
  // Most paths are ASCII, which is composed already.
  return (/[^\0-\x7f]/.test(path) ? path.normalize("NFC") : path).toLowerCase();
}

/** Reads a path pattern such as `src/**`, `**\/.env*`, `~/.ssh` or `/etc/{passwd,group}`. */
export function parsePathPattern(rule: string, text: string, broad: boolean): PathPattern {
  const [path = "", except, ...more] = text.trim().split(/\s+except\s+/);
  if (path === "" || more.length > 0) {
    throw invalidRule(
      rule,
      "has no path, or several exceptions",
      "Write read(path) or read(path except path)",
    );
  }
  const pattern = parseOne(rule, path, broad);
  return except === undefined ? pattern : { ...pattern, except: parseException(rule, except, broad) };
}

function parseOne(rule: string, text: string, broad: boolean): PathPattern {
  const [anchor, rest] = anchorOf(text, broad);
  const alternatives = expandBraces(rule, broad ? foldPath(rest) : rest).map((path) =>
    toSegments(rule, path, broad),
  );
  return { anchor, alternatives, broad };
}

/** An exception is looked for where its rule is, but means no more than it says. */
function parseException(rule: string, text: string, broad: boolean): PathPattern {
  return { ...parseOne(rule, text, false), anchor: anchorOf(text, broad)[0] };
}

function anchorOf(text: string, broad: boolean): readonly [PathPattern["anchor"], string] {
  if (text.startsWith("/")) return ["root", text];
  if (text === "~" || text.startsWith("~/")) return ["home", text.slice(1)];
  return [broad && text.startsWith("**/") ? "anywhere" : "workspace", text];
}

function toSegments(rule: string, path: string, broad: boolean): readonly PathSegment[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) {
    throw invalidRule(
      rule,
      "climbs with ..",
      "Write the path from the workspace, from / or from ~ without ..",
    );
  }
  const segments = names.map((name): PathSegment => (name === "**" ? "**" : name.split("?").map(toWildcard)));
  return broad && segments.at(-1) !== "**" ? [...segments, "**"] : segments;
}

function expandBraces(rule: string, text: string): readonly string[] {
  const open = text.indexOf("{");
  if (open === -1) return [text];
  const close = text.indexOf("}", open);
  const inner = text.slice(open + 1, close);
  if (close === -1 || inner.includes("{")) {
    throw invalidRule(
      rule,
      "has braces that are open or nested",
      "Write alternatives as {a,b}, one level deep",
    );
  }
  const tails = expandBraces(rule, text.slice(close + 1));
  const expanded = inner
    .split(",")
    .flatMap((choice) => tails.map((tail) => text.slice(0, open) + choice + tail));
  if (expanded.length > maxAlternatives) {
    throw invalidRule(rule, `stands for more than ${maxAlternatives} paths`, "Split it into several rules");
  }
  return expanded;
}
