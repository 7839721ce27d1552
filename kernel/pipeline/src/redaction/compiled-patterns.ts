import type { OwnPattern, SecretPattern } from "./secret-patterns.ts";

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
  /** Characters that go on a finding of this name when more text comes; undefined where there is an end. */
  bodyOf(name: string): RegExp | undefined;
}

/** Compiles patterns once; the result can be used for any number of texts. */
export function compilePatterns(
  secrets: readonly SecretPattern[],
  own: readonly OwnPattern[] = [],
): CompiledPatterns {
  const notInWord = "(?<![A-Za-z0-9])";
  const whole =
    secrets.length === 0 ? undefined : new RegExp(`${notInWord}(?:${secrets.map(wholeOf).join("|")})`, "g");
  const begun =
    secrets.length === 0 ? undefined : new RegExp(`${notInWord}(?:${secrets.map(begunOf).join("|")})$`, "g");
  const others = own.map(({ name, pattern }) => ({
    name,
    pattern: new RegExp(pattern.source, [...new Set(`${pattern.flags}g`)].join("").replace("y", "")),
  }));
  const heldBack = Math.max(0, ...own.map(({ maxLength }) => maxLength - 1));
  const bodies = new Map(secrets.map(({ name, body }) => [name, new RegExp(`[${body}]*`, "y")]));

  return {
    find(text, from) {
      const found =
        whole === undefined
          ? []
          : [...search(whole, text, from)].map((match) => ({
              start: match.index,
              end: match.index + match[0].length,
              // Each secret is one group of the expression.
              name:
                secrets[match.findIndex((group, index) => index > 0 && group !== undefined) - 1]?.name ??
                "secret",
            }));
      if (others.length === 0) return found;
      const more = others.flatMap(({ name, pattern }) =>
        [...search(pattern, text, from)].map((match) => ({
          start: match.index,
          end: match.index + match[0].length,
          name,
        })),
      );
      return merged([...found, ...more]);
    },

    openEnd(text, from) {
      const kept = Math.max(from, text.length - heldBack);
      if (begun === undefined) return kept;
      begun.lastIndex = from;
      return Math.min(kept, begun.exec(text)?.index ?? text.length);
    },

    bodyOf: (name) => bodies.get(name),
  };
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

/** The secret as a whole, in one group. */
function wholeOf({ starts, body, minBody, needs }: SecretPattern): string {
  const ahead = needs === undefined ? "" : `(?=[${body}]*[${needs}])`;
  return `((?:${starts.map(literal).join("|")})${ahead}[${body}]{${minBody},})`;
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
