import { linesOf } from "./text-file.ts";

/** A piece of a text. `start` and `end` count UTF-16 units, `end` excluded; lines count from 1. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Where a text was found, and how. */
export interface Found {
  readonly ranges: readonly TextRange[];
  /** Whether the lines are equal only after what models often get wrong was evened out. */
  readonly normalised: boolean;
}

/** More are not counted where one is wanted: the model needs to hear "many", not a number. */
const maxFound = 10_000;

/**
 * Finds every place where `wanted` is in `text`, whose lines end in `\n`.
 *
 * Exact matches first, overlapping ones too. Without any, whole lines are compared without trailing
 * white space and with plain quotes, dashes and spaces: what models change without meaning to. Ends after `most` places.
 */
export function findText(text: string, wanted: string, most: number = maxFound): Found {
  const exact = findExactly(text, wanted, most);
  if (exact.length > 0) return { ranges: exact, normalised: false };
  return { ranges: findLines(text, wanted), normalised: true };
}

/** The line that a position is in, counted from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (
    let index = text.indexOf("\n");
    index >= 0 && index < position;
    index = text.indexOf("\n", index + 1)
  ) {
    line++;
  }
  return line;
}

function findExactly(text: string, wanted: string, most: number): readonly TextRange[] {
  const ranges: TextRange[] = [];
  for (let at = text.indexOf(wanted); at >= 0 && ranges.length < most; at = text.indexOf(wanted, at + 1)) {
    ranges.push({ start: at, end: at + wanted.length });
  }
  return ranges;
}

function findLines(text: string, wanted: string): readonly TextRange[] {
  const wantedLines = linesOf(wanted).map(normaliseLine);
  if (wantedLines.every((line) => line === "")) return [];
  const lines = text.split("\n");
  const normalised = lines.map(normaliseLine);
  const ranges: TextRange[] = [];
  let start = 0;
  for (let index = 0; index + wantedLines.length <= lines.length; index++) {
    if (wantedLines.every((line, offset) => line === normalised[index + offset])) {
      const matched = lines.slice(index, index + wantedLines.length).join("\n");
      const withNewline = wanted.endsWith("\n") && start + matched.length < text.length ? 1 : 0;
      ranges.push({ start, end: start + matched.length + withNewline });
    }
    start += (lines[index] ?? "").length + 1;
  }
  return ranges;
}

function normaliseLine(line: string): string {
  return line
    .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f\u2033]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, " ")
    .replace(/\ufeff/g, "")
    .trimEnd();
}
