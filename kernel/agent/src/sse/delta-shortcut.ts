import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import type { SseEvent } from "./sse-parser.ts";

/** Answers the text of an event that does nothing but add text to one place; otherwise undefined. */
export type PlainDelta = (event: Json) => string | undefined;

/** What may differ from one event to the next besides its text; nobody reads it. */
type Gap = "digits" | "letters" | "spaces";

/** A stretch of an event that is the same byte for byte, up to the gap behind it. */
interface Piece {
  readonly literal: string;
  readonly gap: Gap | undefined;
}

/** An event with one gap for the text and some for padding and counters; everything else is the same. */
interface Template {
  readonly head: readonly Piece[];
  readonly tail: readonly Piece[];
}

const fruitlessLearns = 8;
const sentinel = "\u{1}tau";

/**
 * Reads the events of a stream that differ from an earlier one only in their text, without `JSON.parse`.
 *
 * Why it is right: {@link learn} replaces one string token of a real event by a sentinel, parses the
 * result, and keeps the template only if the sentinel comes out as the delta. Any other JSON string token
 * in that gap then gives the same object with that string as the delta. The other gaps are white space
 * before the last brace, the letters of the top-level `obfuscation` (Mistral's `p`) and the digits of the top-level
 * `sequence_number`, proven in the same way; nobody reads them. Whatever does not fit exactly goes the slow way.
 */
export class DeltaShortcut {
  readonly #plain: PlainDelta;
  readonly #markers: readonly string[];
  #template: Template | undefined;
  #learns = 0;

  /** `markers` are the places where the text may begin, for example `"content":"`. */
  constructor(plain: PlainDelta, markers: readonly string[]) {
    this.#plain = plain;
    this.#markers = markers;
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
    const shape = /^(?:event: ?[\w.]*\r?\n)?data: ?(?=\{)/.exec(source);
    const lineEnd = /\}((?:\r\n){2}|\n\n)$/.exec(source);
    if (shape === null || lineEnd === null) return false;
    for (const marker of this.#markers) {
      const place = source.indexOf(marker, shape[0].length);
      if (place === -1) continue;
      const head = source.slice(0, place + marker.length);
      const rest = /^(?:[^"\\]|\\.)*(".*)$/s.exec(source.slice(head.length))?.[1];
      if (rest === undefined) continue;
      const template = { head: toPieces(head), tail: toPieces(rest) };
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
    const gaps = [...head, ...tail].map(({ gap }) => gap);
    return (
      provenOnce(gaps, "digits", parsed.value["sequence_number"] === Number(fillings.digits)) &&
      provenOnce(gaps, "letters", (parsed.value["obfuscation"] ?? parsed.value["p"]) === fillings.letters)
    );
  }
}

/** What a gap holds while its place is proven: something that the event cannot have had. */
const fillings: Readonly<Record<Gap, string>> = { digits: "770077007700", letters: "tau0TAU", spaces: "" };

function filled(pieces: readonly Piece[]): string {
  return pieces.map(({ literal, gap }) => literal + (gap === undefined ? "" : fillings[gap])).join("");
}

/** There is no such gap, or there is one and it came out where it must. */
function provenOnce(gaps: readonly (Gap | undefined)[], gap: Gap, cameOut: boolean): boolean {
  const count = gaps.filter((one) => one === gap).length;
  return count === 0 || (count === 1 && cameOut);
}

const gapPlaces: Readonly<Record<Gap, RegExp>> = {
  digits: /(?<="sequence_number": ?)(?:0|[1-9]\d*)(?=[,}])/,
  letters: /(?<="(?:obfuscation|p)": ?")[A-Za-z0-9]*(?=")/,
  spaces: /(?<! ) *(?=\}\s*$)/,
};
const anyGap = new RegExp(
  Object.entries(gapPlaces)
    .map(([gap, place]) => `(?<${gap}>${place.source})`)
    .join("|"),
  "g",
);

function toPieces(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(anyGap)) {
    const gap = gapOf(match.groups);
    if (gap === undefined) continue;
    pieces.push({ literal: text.slice(at, match.index), gap });
    at = match.index + match[0].length;
  }
  return [...pieces, { literal: text.slice(at), gap: undefined }];
}

function gapOf(groups: Readonly<Record<string, string | undefined>> = {}): Gap | undefined {
  const gaps: readonly Gap[] = ["digits", "letters", "spaces"];
  return gaps.find((gap) => groups[gap] !== undefined);
}

/** The offset behind all pieces and their gaps, or -1 if they are not there. */
function behindPieces(pieces: readonly Piece[], source: string, offset: number): number {
  let at = offset;
  for (const { literal, gap } of pieces) {
    if (!holds(source, at, literal)) return -1;
    at += literal.length;
    if (gap === undefined) continue;
    if (gap === "spaces") while (source.charCodeAt(at) === 0x20) at++;
    else if (gap === "letters") while (isLetterOrDigit(source.charCodeAt(at))) at++;
    else at = behindNumber(source, at);
    if (at === -1) return -1;
  }
  return at;
}

/** JSON has no numbers with leading zeros. */
function behindNumber(source: string, offset: number): number {
  let at = offset;
  while (isDigit(source.charCodeAt(at))) at++;
  return at === offset || (at > offset + 1 && source.charCodeAt(offset) === 0x30) ? -1 : at;
}

/** Like `startsWith`, and four times as fast: comparing a slice is one `memcmp`. */
function holds(source: string, offset: number, part: string): boolean {
  return source.slice(offset, offset + part.length) === part;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetterOrDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function unescape(token: string): string | undefined {
  const parsed = parseJson(token);
  return parsed.ok && typeof parsed.value === "string" && parsed.value !== "" ? parsed.value : undefined;
}
