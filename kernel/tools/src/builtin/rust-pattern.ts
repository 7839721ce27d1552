import { literalOf, readClass, readEscape, wordClass } from "./pattern-classes.ts";
import { createPatternReader, invalidPattern } from "./pattern-reader.ts";
import type { PatternReader } from "./pattern-reader.ts";
import type { ContentQuery } from "./search-query.ts";

/** A pattern as JavaScript reads it, with its flags. */
export interface ScriptPattern {
  readonly source: string;
  readonly flags: string;
  /** Whether its matches are the same in a line and in the whole of a text. */
  readonly sameInText: boolean;
}

/**
 * Writes a pattern of Rust's syntax as one of JavaScript's, which means the same but for two things: invalid UTF-8 is
 * matched by `.`, and the flags `x` and `U`, `~~` and `(?-u)` are refused. Nothing is captured.
 *
 * @throws TauError `search.invalid_pattern`
 */
export function toScriptPattern(
  query: Pick<ContentQuery, "pattern" | "literal" | "ignoreCase" | "multiline">,
): ScriptPattern {
  const translation: Translation = {
    reader: createPatternReader(query.pattern),
    multiline: query.multiline,
    sameInText: true,
    scope: { ignoreCase: query.ignoreCase, lines: true, dotAll: false },
    depth: 0,
  };
  if (query.literal) {
    const source = Array.from(query.pattern, (one) => written(one, translation)).join("");
    return { source, flags: query.ignoreCase ? "vi" : "v", sameInText: true };
  }
  // Most people who ignore case say so at the beginning, and of all of the pattern.
  const all = translation.reader.match(/\(\?i\)/y) !== undefined || query.ignoreCase;
  translation.scope.ignoreCase = all;
  const source = readAlternatives(translation, all);
  if (!translation.reader.done) throw translation.reader.failed("unopened group");
  return { source, flags: all ? "vi" : "v", sameInText: translation.sameInText };
}

interface Scope {
  ignoreCase: boolean;
  /** `^` and `$` are about lines. */
  lines: boolean;
  dotAll: boolean;
}

interface Translation {
  readonly reader: PatternReader;
  readonly multiline: boolean;
  sameInText: boolean;
  scope: Scope;
  depth: number;
}

const maxDepth = 200;
const [start, end] = [String.raw`(?<![^])`, String.raw`(?![^])`];
const [lineStart, lineEnd] = [String.raw`(?<![^\n])`, String.raw`(?![^\n])`];
const [noWordBefore, noWordAfter] = [`(?<!${wordClass})`, `(?!${wordClass})`];
const [wordBefore, wordAfter] = [`(?<=${wordClass})`, `(?=${wordClass})`];

/** Assertions that begin with a backslash, the longest first. */
const assertions: readonly (readonly [string, string])[] = [
  ["b{start-half}", noWordBefore],
  ["b{end-half}", noWordAfter],
  ["b{start}", `${noWordBefore}${wordAfter}`],
  ["b{end}", `${wordBefore}${noWordAfter}`],
  ["<", `${noWordBefore}${wordAfter}`],
  [">", `${wordBefore}${noWordAfter}`],
  ["b", `(?:${wordBefore}${noWordAfter}|${noWordBefore}${wordAfter})`],
  ["B", `(?:${wordBefore}${wordAfter}|${noWordBefore}${noWordAfter})`],
];

/** Reads up to the end of the group. `ignoresCase`: whether what is around it does. */
function readAlternatives(translation: Translation, ignoresCase: boolean): string {
  const { reader } = translation;
  if (++translation.depth > maxDepth) throw reader.failed("groups are nested too deeply");
  const outer = translation.scope;
  translation.scope = { ...outer };
  const alternatives: string[] = [];
  do alternatives.push(readSequence(translation, ignoresCase));
  while (reader.take("|"));
  translation.scope = outer;
  translation.depth--;
  return alternatives.join("|");
}

function readSequence(translation: Translation, ignoresCase: boolean): string {
  const { reader } = translation;
  const atoms: string[] = [];
  while (!reader.done && !reader.at("|") && !reader.at(")")) {
    const count = reader.match(/[*+?]\??|\{(?:\d+)(?:,\d*)?\}\??/y)?.[0];
    if (count === undefined) {
      if (reader.at("{")) throw reader.failed("repetition quantifier expects a valid decimal");
      atoms.push(inScope(readAtom(translation), translation.scope, ignoresCase));
      continue;
    }
    const atom = atoms.pop();
    if (atom === undefined || atom === "") throw reader.failed("repetition operator missing expression");
    const [least = 0, most = Infinity] = count.match(/\d+/gu)?.map(Number) ?? [];
    if (count.includes(",") && least > most) throw reader.failed("invalid repetition count range");
    atoms.push(`(?:${atom})${count}`);
  }
  return atoms.join("");
}

/** Only a part that differs from what is around it needs a group of its own, which older versions of Node do not know. */
function inScope(atom: string, { ignoreCase }: Scope, ignoresCase: boolean): string {
  if (ignoreCase === ignoresCase || atom === "") return atom;
  return `(?${ignoreCase ? "i" : "-i"}:${atom})`;
}

function readAtom(translation: Translation): string {
  const { reader, scope } = translation;
  if (reader.take("(")) return readGroup(translation);
  if (reader.take("[")) return readClass(reader);
  if (reader.take("\\")) return readBackslash(translation);
  const character = reader.next();
  if (character === ".") return scope.dotAll ? "[^]" : String.raw`[^\n]`;
  if (character === "^") return scope.lines ? lineStart : textEdge(start, translation);
  if (character === "$") return scope.lines ? lineEnd : textEdge(end, translation);
  return written(character, translation);
}

function readBackslash(translation: Translation): string {
  const { reader } = translation;
  if (reader.take("A")) return textEdge(start, translation);
  if (reader.take("z")) return textEdge(end, translation);
  const assertion = assertions.find(([name]) => reader.take(name));
  if (assertion !== undefined) return assertion[1];
  const member = readEscape(reader);
  return "members" in member ? member.members : written(member.character, translation);
}

/** The edges of a line are not those of a text. */
function textEdge(assertion: string, translation: Translation): string {
  translation.sameInText = false;
  return assertion;
}

/** Lines end where a line feed is: where matches are looked for line by line, none has one. */
function written(character: string, { multiline }: Translation): string {
  if (character === "\n" && !multiline)
    throw invalidPattern('the literal "\\n" is not allowed in a regex, unless "multiline" is set');
  return literalOf(character);
}

function readGroup(translation: Translation): string {
  const { reader, scope } = translation;
  if (reader.match(/\?(?:<[=!]|[=!])/y) !== undefined)
    throw reader.failed("look-around, including look-ahead and look-behind, is not supported");
  const flags = reader.match(/\?([imsu]*)(?:-([ims]+))?([:)])/y);
  if (
    flags === undefined &&
    reader.at("?") &&
    reader.match(/\?P?<[\p{L}_][\p{L}\p{N}_.[\]]*>/uy) === undefined
  )
    throw reader.failed("the group's beginning is not understood (flags are i, m, s and u)");
  const before = { ...scope };
  if (flags !== undefined) setFlags(scope, flags[1] ?? "", flags[2] ?? "");
  if (flags?.[3] === ")") return "";
  const inner = { ...scope };
  translation.scope = inner;
  const source = `(?:${readAlternatives(translation, inner.ignoreCase)})`;
  if (!reader.take(")")) throw reader.failed("unclosed group");
  translation.scope = Object.assign(scope, before);
  return inner.ignoreCase === before.ignoreCase ? source : `(?${inner.ignoreCase ? "i" : "-i"}:${source})`;
}

function setFlags(scope: Scope, on: string, off: string): void {
  for (const [flags, value] of [
    [on, true],
    [off, false],
  ] as const) {
    if (flags.includes("i")) scope.ignoreCase = value;
    if (flags.includes("m")) scope.lines = value;
    if (flags.includes("s")) scope.dotAll = value;
  }
}
