import { parseJson } from "@tau/core";

import type { DeltaPattern } from "./delta-pattern.ts";
import { behindPieces, copyOf } from "./delta-template.ts";
import type { DeltaTemplate } from "./delta-template.ts";
import type { SseEvent } from "./sse-parser.ts";

const fruitlessLearns = 8;

/**
 * Reads the events of one stream that differ from an earlier one only in their text, without `JSON.parse`. Whatever does
 * not fit exactly goes the slow way. What an event says besides its text is in {@link template}.
 */
export class DeltaShortcut {
  readonly #pattern: DeltaPattern;
  #template: DeltaTemplate | undefined;
  #learns = 0;
  /** Where the last event that was read has what stands behind its text. */
  #tail = 0;

  constructor(pattern: DeltaPattern) {
    this.#pattern = pattern;
  }

  /** The text of the last event that {@link read} took. */
  text = "";

  /** That of the last event that {@link read} took. */
  get template(): DeltaTemplate | undefined {
    return this.#template;
  }

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
    this.#tail = at;
    this.#learns = 0;
    return behind;
  }

  /**
   * Takes the first event of the stream, at `start` of `text`, which is no plain one: where it tells whose answer it is, those that
   * follow are expected to look as those of earlier answers did. It did not arrive whole where `start` is -1.
   */
  expect(text: string, start: number): void {
    if (start >= 0) this.#template = this.#pattern.withinBegun(text, start);
  }

  /** Takes a plain event that was read the slow way as the pattern for the next ones, if it can be one. */
  learn(event: SseEvent): boolean {
    if (event.start < 0 || this.#learns >= fruitlessLearns) return false;
    this.#learns++;
    const { text, start, end } = event;
    const before = this.#template;
    // Nearly always an earlier answer had events like this one.
    this.#template = this.#pattern.newest;
    let isKnown = this.read(text, start) === end;
    if (!isKnown) {
      this.#template = this.#pattern.learn(copyOf(text.slice(start, end)));
      isKnown = this.read(text, start) === end;
    }
    const template = this.#template;
    const isLearnt = isKnown && template !== undefined;
    this.#template = isLearnt
      ? this.#pattern.within(template, { source: text, head: start, tail: this.#tail })
      : before;
    return isLearnt;
  }
}

function unescape(token: string): string | undefined {
  const parsed = parseJson(token);
  return parsed.ok && typeof parsed.value === "string" && parsed.value !== "" ? parsed.value : undefined;
}
