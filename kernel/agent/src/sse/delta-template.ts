import type { JsonObject } from "@tau/core";

import type { DeltaGap } from "./delta-gap.ts";

/** A stretch of an event that is the same byte for byte, up to the gap behind it. */
export interface TemplatePiece {
  readonly literal: string;
  readonly gap: DeltaGap | undefined;
}

/** An event with one gap for the text and some for padding, counters and ids; everything else is the same. */
export interface DeltaTemplate {
  readonly head: readonly TemplatePiece[];
  readonly tail: readonly TemplatePiece[];
  /** What such an event is, with the fillings of its gaps: everything else in it is told by each that is like it. */
  readonly event: JsonObject;
  /** What its answer has where the gap of the id was; undefined where there was none, or it is not of one answer. */
  readonly id: string | undefined;
}

/** Where an event, or a part of it, begins. */
export interface Place {
  readonly source: string;
  readonly offset: number;
}

/** The offset behind all pieces and their gaps, or -1 if they are not there. */
export function behindPieces(pieces: readonly TemplatePiece[], source: string, offset: number): number {
  let at = offset;
  for (const { literal, gap } of pieces) {
    if (!holds(source, at, literal)) return -1;
    at += literal.length;
    if (gap === undefined) continue;
    at = gap.behind(source, at);
    if (at === -1) return -1;
  }
  return at;
}

/** The same pieces with what stands in some of their gaps at `offset`, where they fit: comparing is faster than a gap. */
export function filledIn(
  pieces: readonly TemplatePiece[],
  gaps: readonly DeltaGap[],
  { source, offset }: Place,
): readonly TemplatePiece[] {
  const filled: TemplatePiece[] = [];
  let start = offset;
  let at = offset;
  for (const { literal, gap } of pieces) {
    at += literal.length;
    const behind = gap === undefined ? at : gap.behind(source, at);
    if (gap === undefined || !gaps.includes(gap)) {
      filled.push({ literal: copyOf(source.slice(start, at)), gap });
      start = behind;
    }
    at = behind;
  }
  // Without room for more: each stream holds its own for as long as it is open.
  return filled.slice();
}

/**
 * The same for what stands at `offset` and is like the pieces only up to the last of those gaps; undefined where it is not, or
 * there is no such gap.
 */
export function filledUpToLast(
  pieces: readonly TemplatePiece[],
  gaps: readonly DeltaGap[],
  place: Place,
): readonly TemplatePiece[] | undefined {
  const last = pieces.findLastIndex(({ gap }) => gap !== undefined && gaps.includes(gap));
  const alike = pieces.slice(0, last + 1);
  if (last === -1 || behindPieces(alike, place.source, place.offset) === -1) return undefined;
  // The end of the last gap becomes one piece with what follows: each piece is compared by itself.
  const filledPieces = filledIn([...alike, { literal: "", gap: undefined }], gaps, place);
  const [next, ...rest] = pieces.slice(last + 1);
  const literal = (filledPieces.at(-1)?.literal ?? "") + (next?.literal ?? "");
  return [...filledPieces.slice(0, -1), { literal, gap: next?.gap }, ...rest];
}

/** What stands in the first gap of a kind in an event that is like the pieces; undefined where they have none. */
export function textIn(
  pieces: readonly TemplatePiece[],
  wanted: DeltaGap,
  { source, offset }: Place,
): string | undefined {
  let at = offset;
  for (const { literal, gap } of pieces) {
    at += literal.length;
    if (gap === undefined) continue;
    const behind = gap.behind(source, at);
    if (gap === wanted) return copyOf(source.slice(at, behind));
    at = behind;
  }
  return undefined;
}

/** A part of a text keeps all of it alive: here everything that came in one read. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** Like `startsWith`, and four times as fast: comparing a slice is one `memcmp`. */
function holds(source: string, offset: number, part: string): boolean {
  return source.slice(offset, offset + part.length) === part;
}

/** The text of pieces with the fillings of their gaps. */
export function withFillings(pieces: readonly TemplatePiece[]): string {
  return pieces.map(({ literal, gap }) => literal + (gap?.filling ?? "")).join("");
}

/** Takes a text apart where gaps may be. */
export function toPieces(text: string, gaps: readonly DeltaGap[]): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  let at = 0;
  for (const match of text.matchAll(placesOf(gaps))) {
    const [, ...groups]: readonly (string | undefined)[] = match;
    const gap = gaps[groups.findIndex((group) => group !== undefined)];
    pieces.push({ literal: text.slice(at, match.index), gap });
    at = match.index + match[0].length;
  }
  return [...pieces, { literal: text.slice(at), gap: undefined }];
}

const places = new WeakMap<readonly DeltaGap[], RegExp>();

/** Finds the gaps: one group for each kind of gap. Many streams learn, so the expression is made once. */
function placesOf(gaps: readonly DeltaGap[]): RegExp {
  const known = places.get(gaps);
  if (known !== undefined) return known;
  const made = new RegExp(gaps.map(({ place }) => `(${place})`).join("|"), "g");
  places.set(gaps, made);
  return made;
}
