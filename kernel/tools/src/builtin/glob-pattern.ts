import { TauError } from "@tau/core";

/** Tells whether a path, relative and with `/`, is matched. */
export type PathMatcher = (path: string) => boolean;

const maxAlternatives = 200;
const maxPatternChars = 1000;

/**
 * Compiles a glob: `*`, `?`, `[abc]`, `[!abc]`, `{a,b}` within a name, `**` for any folders, `\` before a
 * character that is meant literally. A pattern without `/` matches names at any depth.
 *
 * A pattern, or what its braces stand for, may begin with one of `folders`, which are names of the one that is searched.
 *
 * Matching takes time linear in the path for every alternative; no pattern makes it explode.
 *
 * @throws TauError `search.invalid_pattern`
 */
export function compileGlob(pattern: string, folders: readonly string[] = []): PathMatcher {
  if (pattern.length > maxPatternChars)
    throw invalid(pattern, `it is longer than ${maxPatternChars} characters`);
  const alternatives = alternativesBelow(folders, pattern).map((alternative) => {
    const segments = alternative
      .replace(/^(?:\.?\/)+/, "")
      .split("/")
      .filter((segment) => segment !== "");
    if (segments.includes(".."))
      throw invalid(pattern, '".." leads out of the folder that is searched; name another one as "path"');
    const anywhere = segments.length === 1 && !alternative.startsWith("/") && !alternative.startsWith("./");
    return (anywhere ? ["**", ...segments] : segments).map((segment) =>
      segment === "**" ? segment : compileSegment(segment, pattern),
    );
  });
  return (path) => {
    const names = path.split("/");
    return alternatives.some((segments) => matchSegments(segments, names));
  };
}

/** Whether a pattern is absolute, and not below one of `folders`: it may well be meant for another folder. */
export function isElsewhere(pattern: string, folders: readonly string[]): boolean {
  return alternativesBelow(folders, pattern).some((alternative) => alternative.startsWith("/"));
}

/** What the braces of a pattern stand for, each relative where it begins with one of `folders`. */
function alternativesBelow(folders: readonly string[], pattern: string): readonly string[] {
  const below = (text: string): string => {
    const folder = folders.find((name) => text.startsWith(`${name}/`));
    return folder === undefined ? text : `.${text.slice(folder.length)}`;
  };
  // Before the braces are read, too: a folder's own name may have some.
  return expandBraces(below(pattern), pattern).map(below);
}

type Segment = "**" | readonly Token[];
type Token = "*" | ((character: string) => boolean);

/** The classic greedy walk: on a mismatch, the last `**` takes one name more. */
function matchSegments(segments: readonly Segment[], names: readonly string[]): boolean {
  return matchGreedily(names.length, segments, (segment, index) =>
    segment === "**" ? "star" : matchName(segment, names[index] ?? ""),
  );
}

function matchName(tokens: readonly Token[], name: string): boolean {
  const characters = Array.from(name);
  return matchGreedily(characters.length, tokens, (token, index) =>
    token === "*" ? "star" : token(characters[index] ?? ""),
  );
}

/**
 * Matches `length` things against a pattern in which a star takes any number of them.
 *
 * Only the last star ever needs to be tried again, because everything before it has matched already.
 */
function matchGreedily<Part>(
  length: number,
  pattern: readonly Part[],
  matches: (part: Part, index: number) => boolean | "star",
): boolean {
  let at = 0;
  let part = 0;
  let star = -1;
  let starAt = 0;
  while (at < length) {
    const current = pattern[part];
    const matched = current === undefined ? false : matches(current, at);
    if (matched === "star") {
      star = part++;
      starAt = at;
    } else if (matched) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  return pattern.slice(part).every((rest) => matches(rest, length) === "star");
}

function compileSegment(segment: string, pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(segment);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? "";
    if (character === "*") {
      if (tokens.at(-1) !== "*") tokens.push("*");
    } else if (character === "?") {
      tokens.push(() => true);
    } else if (character === "[") {
      const end = endOfClass(characters, index);
      if (end < 0) throw invalid(pattern, 'a "[" is not closed; write "\\[" for the character itself');
      tokens.push(compileClass(characters.slice(index + 1, end)));
      index = end;
    } else {
      const literal = character === "\\" ? (characters[++index] ?? "\\") : character;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** A `]` right after the beginning belongs to the class. */
function endOfClass(characters: readonly string[], start: number): number {
  const first = characters[start + 1] === "!" || characters[start + 1] === "^" ? start + 2 : start + 1;
  return characters.indexOf("]", first + 1);
}

function compileClass(characters: readonly string[]): (character: string) => boolean {
  const negated = characters[0] === "!" || characters[0] === "^";
  const members = negated ? characters.slice(1) : characters;
  const ranges: (readonly [string, string])[] = [];
  for (let index = 0; index < members.length; index++) {
    const from = members[index] ?? "";
    const to = members[index + 2];
    if (members[index + 1] === "-" && to !== undefined) {
      ranges.push([from, to]);
      index += 2;
    } else {
      ranges.push([from, from]);
    }
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}

/** `a{b,c}d` becomes `abd` and `acd`; braces may be nested. `text` is of `pattern`, which errors quote. */
function expandBraces(text: string, pattern: string): readonly string[] {
  const open = unescapedIndex(text, "{", 0);
  if (open < 0) return [text];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open; index < text.length; index++) {
    const character = text[index];
    if (character === "\\") index++;
    else if (character === "{") depth++;
    else if (character === "," && depth === 1) {
      parts.push(text.slice(start, index));
      start = index + 1;
    } else if (character === "}" && --depth === 0) {
      parts.push(text.slice(start, index));
      return combine(pattern, text.slice(0, open), parts, text.slice(index + 1));
    }
  }
  throw invalid(pattern, 'a "{" is not closed; write "\\{" for the character itself');
}

// oxlint-disable-next-line max-params
function combine(
  pattern: string,
  before: string,
  parts: readonly string[],
  after: string,
): readonly string[] {
  const rests = expandBraces(after, pattern);
  const all: string[] = [];
  for (const part of parts.flatMap((one) => expandBraces(one, pattern))) {
    for (const rest of rests) all.push(`${before}${part}${rest}`);
    if (all.length > maxAlternatives)
      throw invalid(pattern, `its braces have more than ${maxAlternatives} alternatives`);
  }
  return all;
}

function unescapedIndex(text: string, wanted: string, from: number): number {
  for (let index = from; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === wanted) return index;
  }
  return -1;
}

function invalid(pattern: string, why: string): TauError {
  return new TauError(
    "search.invalid_pattern",
    `The glob ${JSON.stringify(pattern.slice(0, 200))} is not valid: ${why}.`,
  );
}
