import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import { numberGap, paddingGap, wordGap } from "./delta-gap.ts";
import type { DeltaGap } from "./delta-gap.ts";
import type { SseEvent } from "./sse-parser.ts";

/** Answers the text of an event that does nothing but add text to one place; otherwise undefined. */
export type PlainDelta = (event: Json) => string | undefined;

/** Options of {@link DeltaShortcut}. */
export interface DeltaShortcutOptions {
  /** What may differ besides the text. Default: padding and counters of OpenAI and its imitators. */
  readonly gaps?: readonly DeltaGap[];
  /** What stands around the JSON of an event. Default `sse`. */
  readonly frame?: "sse" | "ndjson";
}

/** A stretch of an event that is the same byte for byte, up to the gap behind it. */
interface Piece {
  readonly literal: string;
  readonly gap: DeltaGap | undefined;
}

/** An event with one gap for the text and some for padding and counters; everything else is the same. */
interface Template {
  readonly head: readonly Piece[];
  readonly tail: readonly Piece[];
}

const usual: DeltaShortcutOptions = {};
const fruitlessLearns = 8;
const sentinel = "\u{1}tau";

/** Nobody reads these. */
const openAiGaps: readonly DeltaGap[] = [
  numberGap(["sequence_number"], (event) => [event["sequence_number"]]),
  // The second is Mistral's.
  wordGap(["obfuscation", "p"], (event) => [event["obfuscation"], event["p"]]),
  paddingGap,
];

const frames = {
  sse: { begin: /^(?:event: ?[\w.]*\r?\n)?data: ?(?=\{)/, end: /\}((?:\r\n){2}|\n\n)$/ },
  ndjson: { begin: /^(?=\{)/, end: /\}\n$/ },
} as const;

/**
 * Reads the events of a stream that differ from an earlier one only in their text, without `JSON.parse`.
 *
 * Why it is right: {@link learn} replaces one string token of a real event by a sentinel, parses the
 * result, and keeps the template only if the sentinel comes out as the delta. Any other JSON string token
 * in that gap then gives the same object with that string as the delta. The other gaps are padding, counters and
 * times, proven in the same way; nobody reads them, or whoever does looks at the event itself. Whatever does not fit
 * exactly goes the slow way.
 */
export class DeltaShortcut {
  readonly #plain: PlainDelta;
  readonly #markers: readonly string[];
  readonly #gaps: readonly DeltaGap[];
  readonly #frame: (typeof frames)["sse" | "ndjson"];
  #template: Template | undefined;
  #learns = 0;

  /** `markers` are the places where the text may begin, for example `"content":"`. */
  constructor(plain: PlainDelta, markers: readonly string[], options: DeltaShortcutOptions = usual) {
    this.#plain = plain;
    this.#markers = markers;
    this.#gaps = options.gaps ?? openAiGaps;
    this.#frame = frames[options.frame ?? "sse"];
  }

  /** The text of the last event that {@link read} took. */
  text = "";

  /** Reads the event at `offset`, answers the offset behind it, or -1 if it is not exactly like the template. */
  read(source: string, offset: number): number {
    const template = this.#template;
    if (template === undefined) return -1;
    const start = behindPieces(template.head, source, offset);
    if (start === -1) return -1;
    let at = start;
    let escaped = false;
    for (; ; at++) {
      const code = source.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        escaped = true;
        at++;
      } else if (!(code >= 0x20)) {
        return -1; // A control character or the end of the text.
      }
    }
    if (at === start) return -1;
    const behind = behindPieces(template.tail, source, at);
    if (behind === -1) return -1;
    const text = escaped ? unescape(source.slice(start - 1, at + 1)) : source.slice(start, at);
    if (text === undefined) return -1;
    this.text = text;
    this.#learns = 0;
    return behind;
  }

  /** Takes a plain event that was read the slow way as the pattern for the next ones, if it can be one. */
  learn(event: SseEvent): boolean {
    if (event.start < 0 || this.#learns >= fruitlessLearns) return false;
    this.#learns++;
    const source = event.text.slice(event.start, event.end);
    const shape = this.#frame.begin.exec(source);
    if (shape === null || !this.#frame.end.test(source)) return false;
    for (const marker of this.#markers) {
      const place = source.indexOf(marker, shape[0].length);
      if (place === -1) continue;
      const head = source.slice(0, place + marker.length);
      const rest = /^(?:[^"\\]|\\.)*(".*)$/s.exec(source.slice(head.length))?.[1];
      if (rest === undefined) continue;
      const template = { head: toPieces(head, this.#gaps), tail: toPieces(rest, this.#gaps) };
      if (this.#isProven(template, shape[0].length)) {
        this.#template = template;
        return true;
      }
    }
    return false;
  }

  #isProven({ head, tail }: Template, jsonStart: number): boolean {
    const json = `${filled(head).slice(jsonStart)}\\u0001tau${filled(tail)}`;
    if (json.trimEnd().includes("\n")) return false;
    const parsed = parseJson(json);
    if (!parsed.ok || !isJsonObject(parsed.value) || this.#plain(parsed.value) !== sentinel) return false;
    const event = parsed.value;
    const pieces = [...head, ...tail];
    return this.#gaps.every((gap) => gap.isProven(event, pieces.filter((piece) => piece.gap === gap).length));
  }
}

function filled(pieces: readonly Piece[]): string {
  return pieces.map(({ literal, gap }) => literal + (gap?.filling ?? "")).join("");
}

function toPieces(text: string, gaps: readonly DeltaGap[]): readonly Piece[] {
  const pieces: Piece[] = [];
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

/** Finds the gaps: one group for each kind of gap. Every stream learns, so the expression is made once. */
function placesOf(gaps: readonly DeltaGap[]): RegExp {
  const known = places.get(gaps);
  if (known !== undefined) return known;
  const made = new RegExp(gaps.map(({ place }) => `(${place})`).join("|"), "g");
  places.set(gaps, made);
  return made;
}

/** The offset behind all pieces and their gaps, or -1 if they are not there. */
function behindPieces(pieces: readonly Piece[], source: string, offset: number): number {
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

/** Like `startsWith`, and four times as fast: comparing a slice is one `memcmp`. */
function holds(source: string, offset: number, part: string): boolean {
  return source.slice(offset, offset + part.length) === part;
}

function unescape(token: string): string | undefined {
  const parsed = parseJson(token);
  return parsed.ok && typeof parsed.value === "string" && parsed.value !== "" ? parsed.value : undefined;
}
