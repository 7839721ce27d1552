import type { OwnPattern, SecretPattern } from "./secret-patterns.ts";
import { hasRun, isOfWords, lastRunStart } from "./word-runs.ts";

/** A found secret: its place and the name of its pattern. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Patterns, ready to be looked for in texts that arrive in pieces. */
export interface CompiledPatterns {
  /** All findings from `from` on, in order and without overlaps; characters before `from` are seen, not searched. */
  find(text: string, from: number): readonly Finding[];
  /** Where the end of the text begins that may be the beginning of a secret; the text's length for none. */
  openEnd(text: string, from: number): number;
  /** Tells at once of most short pieces that they hold no secret, and neither the beginning nor the end of one. */
  isPlain(piece: string): boolean;
  /** Characters that go on a finding of this name when more text comes; undefined where there is an end. */
  bodyOf(name: string): RegExp | undefined;
}

/** Characters before a place that patterns look back at: as many as `\u000a` has. */
export const lookBehind = 6;

/** No letter or digit; but a line's end that is written `\n`, as JSON does, ends a word too. */
const notInWord = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt]|\\u[0-9A-Fa-f]{4}))`;

/** Up to so many characters one expression for all patterns is quicker than one for each, whatever stands there. */
const short = 512;

/**
 * Compiles patterns once; the result can be used for any number of texts.
 *
 * Looking costs O(length of the text) whatever it holds, own patterns aside: whoever writes a prompt or an answer
 * could otherwise keep the process busy for minutes.
 */
export function compilePatterns(
  secrets: readonly SecretPattern[],
  own: readonly OwnPattern[] = [],
): CompiledPatterns {
  const compiled = secrets.map(compileSecret);
  const anyWhole = anyOf(
    secrets.map(({ starts, body, minBody }) => wholeOf(starts, `[${body}]{${minBody}}`)),
  );
  const anyBegun = anyOf(secrets.map(begunOf), "$");
  const others = own.map(({ name, pattern }) => ({
    name,
    pattern: new RegExp(pattern.source, [...new Set(`${pattern.flags}g`)].join("").replace("y", "")),
  }));
  const heldBack = Math.max(0, ...own.map(({ maxLength }) => maxLength - 1));
  const mayHold = suspicionOf(secrets);
  const hasMarker = markerOf(secrets);
  const shortest = own.length > 0 ? 0 : Math.min(...secrets.flatMap(lengthsOf));
  const bodies = new Map(secrets.map(({ name, body }) => [name, new RegExp(`[${body}]*`, "y")]));

  return {
    find(text, from) {
      anyWhole.lastIndex = from;
      const isFound = mayHold(text, from) && anyWhole.test(text);
      const found = isFound ? compiled.flatMap((secret) => findSecret(secret, text, from)) : [];
      for (const { name, pattern } of others) {
        for (const match of search(pattern, text, from)) found.push(findingOf(match, name));
      }
      return found.length < 2 ? found : merged(found);
    },

    openEnd(text, from) {
      const kept = Math.max(from, text.length - heldBack);
      if (text.length - from <= short) return Math.min(kept, firstOf(anyBegun, text, from));
      return Math.min(kept, ...compiled.map((secret) => openEndOf(secret, text, from)));
    },

    isPlain: (piece) =>
      piece.length < shortest &&
      lastRunStart(piece, piece.length - 1) === piece.length &&
      !hasMarker(piece, 0),

    bodyOf: (name) => bodies.get(name),
  };
}

/**
 * Tells cheaply that a text holds no secret: either it has a long token, or one of the words that stand before secrets
 * that are no tokens.
 */
function suspicionOf(secrets: readonly SecretPattern[]): (text: string, from: number) => boolean {
  const shortest = Math.min(...secrets.filter(isToken).flatMap(lengthsOf));
  const hasMarker = markerOf(secrets);
  return (text, from) => hasRun(text, from, shortest) || hasMarker(text, from);
}

/** Tells whether a text has the first word of a secret that is not one token, such as a private key. */
function markerOf(secrets: readonly SecretPattern[]): (text: string, from: number) => boolean {
  const words = secrets
    .filter((secret) => !isToken(secret))
    .flatMap(({ starts }) => starts.map((start) => /^[\w.-]*/.exec(start)?.[0] ?? ""));
  const markers = [...new Set(words)];
  return (text, from) => markers.some((marker) => text.includes(marker, from));
}

/** The least that a secret takes, for each of its beginnings. */
function lengthsOf({ starts, minBody }: SecretPattern): readonly number[] {
  return starts.map(({ length }) => length + minBody);
}

function isToken({ starts, body }: SecretPattern): boolean {
  return isOfWords(body) && starts.every((start) => /^[\w.-]*$/.test(start));
}

/** One secret, ready to be looked for alone. */
interface CompiledSecret {
  readonly name: string;
  readonly whole: RegExp;
  readonly begun: RegExp;
  readonly bodyCharacter: RegExp;
  readonly needs: RegExp | undefined;
  readonly longestStart: number;
}

function compileSecret(secret: SecretPattern): CompiledSecret {
  const { name, starts, body, minBody, needs } = secret;
  return {
    name,
    whole: anyOf([wholeOf(starts, `([${body}]{${minBody},})`)]),
    begun: anyOf([begunOf(secret)], "$"),
    bodyCharacter: new RegExp(`[${body}]`),
    needs: needs === undefined ? undefined : new RegExp(`[${needs}]`),
    longestStart: Math.max(...starts.map(({ length }) => length)),
  };
}

function findSecret(
  { name, whole, needs, longestStart }: CompiledSecret,
  text: string,
  from: number,
): Finding[] {
  const findings: Finding[] = [];
  for (const match of search(whole, text, from)) {
    if (needs === undefined || needs.test(match[1] ?? "")) findings.push(findingOf(match, name));
    // What begins inside of it has no more of what it needs; only what begins at its end may go on.
    else whole.lastIndex = Math.max(match.index + 1, whole.lastIndex - longestStart);
  }
  return findings;
}

/** What is open goes on to the end, so it begins in the last run of the secret's characters, or right before. */
function openEndOf(
  { begun, bodyCharacter, longestStart }: CompiledSecret,
  text: string,
  from: number,
): number {
  let run = text.length;
  while (run > from && bodyCharacter.test(text.charAt(run - 1))) run--;
  return firstOf(begun, text, Math.max(from, run - longestStart));
}

/** Where an expression matches first from a place on; the text's length for nowhere. */
function firstOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

function findingOf(match: RegExpExecArray, name: string): Finding {
  return { start: match.index, end: match.index + match[0].length, name };
}

/** Any of these at the beginning of a word; without any, nothing matches. */
function anyOf(patterns: readonly string[], end = ""): RegExp {
  return patterns.length === 0 ? /(?!)/g : new RegExp(`${notInWord}(?:${patterns.join("|")})${end}`, "g");
}

/** Matches from a place on, empty ones left out. */
function* search(pattern: RegExp, text: string, from: number): Generator<RegExpExecArray> {
  pattern.lastIndex = from;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0] === "") pattern.lastIndex++;
    else yield match;
  }
}

function merged(findings: readonly Finding[]): readonly Finding[] {
  const result: Finding[] = [];
  for (const finding of findings.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last === undefined || finding.start >= last.end) result.push(finding);
    else if (finding.end > last.end) result[result.length - 1] = { ...last, end: finding.end };
  }
  return result;
}

function wholeOf(starts: readonly string[], body: string): string {
  return `(?:${starts.map(literal).join("|")})${body}`;
}

/** Any beginning of the secret: some of its first characters, or all of them and some of its body. */
function begunOf({ starts, body }: SecretPattern): string {
  return starts
    .map((start) =>
      Array.from(start).reduceRight((rest, character) => `${literal(character)}(?:${rest})?`, `[${body}]*`),
    )
    .join("|");
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?+*()[\]{}/-]/g, String.raw`\$&`);
}
