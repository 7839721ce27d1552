import { linesOf } from "./text-file.ts";

/** Lines of a file that are like what a model looked for. */
export interface Candidate {
  /** Counted from 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
  /** 0 to 1. */
  readonly similarity: number;
}

/** Lines are compared by their beginnings, so that one of a million characters costs nothing. */
const maxComparedChars = 200;
/** How many places near the most telling line are compared in full. */
const maxPlaces = 30;
const minSimilarity = 0.3;

/** The places most like `wanted`, best first, at most `count`, none overlapping. */
export function closestLines(text: string, wanted: string, count: number): readonly Candidate[] {
  const wantedLines = linesOf(wanted).map(pairsOf);
  const anchor = mostTelling(wantedLines);
  const lines = linesOf(text);
  if (anchor === undefined || lines.length === 0) return [];
  const pairs = lines.map(pairsOf);
  const scored = pairs
    .map((line, index) => ({ index, score: similarity(line, wantedLines[anchor] ?? empty) }))
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, maxPlaces)
    .map(({ index }) => {
      const first = Math.max(0, Math.min(index - anchor, lines.length - wantedLines.length));
      return { first, score: windowSimilarity(pairs, first, wantedLines) };
    })
    .toSorted((a, b) => b.score - a.score || a.first - b.first);

  const chosen: Candidate[] = [];
  for (const { first, score } of scored) {
    if (chosen.length === count || score < minSimilarity) break;
    if (chosen.some((other) => Math.abs(other.firstLine - 1 - first) < wantedLines.length)) continue;
    chosen.push({
      firstLine: first + 1,
      lines: lines.slice(first, first + wantedLines.length),
      similarity: score,
    });
  }
  return chosen;
}

/** Two letters side by side, and how often: cheap to compare, and indifferent to small differences. */
type Pairs = ReadonlyMap<string, number>;

const empty: Pairs = new Map();

function pairsOf(line: string): Pairs {
  const text = line.trim().slice(0, maxComparedChars).toLowerCase();
  if (text.length === 1) return new Map([[text, 1]]);
  const pairs = new Map<string, number>();
  for (let index = 0; index + 1 < text.length; index++) {
    const pair = text.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

function mostTelling(lines: readonly Pairs[]): number | undefined {
  let best: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.size > (best === undefined ? 0 : (lines[best]?.size ?? 0))) best = index;
  }
  return best;
}

function windowSimilarity(pairs: readonly Pairs[], first: number, wanted: readonly Pairs[]): number {
  let sum = 0;
  for (const [offset, line] of wanted.entries()) sum += similarity(pairs[first + offset] ?? empty, line);
  return sum / wanted.length;
}

/** Sørensen-Dice: twice what both have, through what each has. */
function similarity(a: Pairs, b: Pairs): number {
  if (a.size === 0 && b.size === 0) return 1;
  let common = 0;
  for (const [pair, times] of a) common += Math.min(times, b.get(pair) ?? 0);
  return (2 * common) / (total(a) + total(b));
}

function total(pairs: Pairs): number {
  let sum = 0;
  for (const times of pairs.values()) sum += times;
  return sum;
}
