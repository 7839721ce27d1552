import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { openAiGaps } from "./delta-gap.ts";
import type { DeltaGap } from "./delta-gap.ts";
import { filledIn, filledUpToLast, textIn, toPieces, withFillings } from "./delta-template.ts";
import type { DeltaTemplate, TemplatePiece } from "./delta-template.ts";

/** Answers the text of an event that does nothing but add text to one place; otherwise undefined. */
export type PlainDelta = (event: Json) => string | undefined;

/** Options of {@link DeltaPattern}. */
export interface DeltaPatternOptions {
  /** What may differ besides the text. Default: padding and counters of OpenAI and its imitators. */
  readonly gaps?: readonly DeltaGap[];
  /** What else differs from answer to answer, and is the same in all events of one: its id, which comes first, and times. */
  readonly answerGaps?: readonly DeltaGap[];
  /** What stands around the JSON of an event. Default `sse`. */
  readonly frame?: "sse" | "ndjson";
}

/** Where a plain event begins, and where what stands behind its text does. */
export interface PlainPlace {
  readonly source: string;
  readonly head: number;
  readonly tail: number;
}

const usual: DeltaPatternOptions = {};
const sentinel = "\u{1}tau";

const frames = {
  sse: { begin: /^(?:event: ?[\w.]*\r?\n)?data: ?(?=\{)/, end: /\}((?:\r\n){2}|\n\n)$/ },
  ndjson: { begin: /^(?=\{)/, end: /\}\n$/ },
} as const;

/**
 * How the events look that only add text to the answers of one model, as far as its answers have shown it: most begin
 * their events alike, so that what one of them taught need not be found out again.
 *
 * Why it is right: {@link learn} replaces one string token of a real event by a sentinel, parses the
 * result, and makes a template of it only if the sentinel comes out as the delta. Any other JSON string token
 * in that gap then gives the same object with that string as the delta. The other gaps are padding, counters, ids and
 * times, proven in the same way; nobody reads them, or whoever does looks at the event itself, or at what the template
 * says: such an event says no less when it was never parsed.
 */
export class DeltaPattern {
  readonly #plain: PlainDelta;
  readonly #markers: readonly string[];
  readonly #answerGaps: readonly DeltaGap[];
  /** Those that fit the most events first. */
  readonly #gapSets: readonly (readonly DeltaGap[])[];
  readonly #frame: (typeof frames)["sse" | "ndjson"];
  #newest: DeltaTemplate | undefined;

  /** `markers` are the places where the text may begin, for example `"content":"`. */
  constructor(plain: PlainDelta, markers: readonly string[], options: DeltaPatternOptions = usual) {
    const { gaps = openAiGaps, answerGaps = [] } = options;
    this.#plain = plain;
    this.#markers = markers;
    this.#answerGaps = answerGaps;
    this.#gapSets = answerGaps.length === 0 ? [gaps] : [[...answerGaps, ...gaps], gaps];
    this.#frame = frames[options.frame ?? "sse"];
  }

  /** What the answers before taught. */
  get newest(): DeltaTemplate | undefined {
    return this.#newest;
  }

  /** The template for one answer, of which `source` has a plain event at `head`: an answer's own id stays as it is. */
  within(template: DeltaTemplate, { source, head, tail }: PlainPlace): DeltaTemplate {
    const gaps = this.#answerGaps;
    const [id] = gaps;
    if (id === undefined) return template;
    const [atHead, atTail] = [
      { source, offset: head },
      { source, offset: tail },
    ];
    return {
      head: filledIn(template.head, gaps, atHead),
      tail: this.#hasAnswerGap(template.tail) ? filledIn(template.tail, gaps, atTail) : template.tail,
      event: template.event,
      id: textIn(template.head, id, atHead) ?? textIn(template.tail, id, atTail),
    };
  }

  /** The same when all that is there of the answer is another event, at `offset`, that begins alike; else undefined. */
  withinBegun(source: string, offset: number): DeltaTemplate | undefined {
    const [id] = this.#answerGaps;
    if (this.#newest === undefined || id === undefined) return undefined;
    const { head, tail, event } = this.#newest;
    // What stands behind the text of this answer, nobody has seen yet.
    if (this.#hasAnswerGap(tail)) return undefined;
    const ownHead = filledUpToLast(head, this.#answerGaps, { source, offset });
    return ownHead && { head: ownHead, tail, event, id: textIn(head, id, { source, offset }) };
  }

  /** Makes a template of an event that was read the slow way and is a plain one, if it can be one. */
  learn(source: string): DeltaTemplate | undefined {
    const shape = this.#frame.begin.exec(source);
    if (shape === null || !this.#frame.end.test(source)) return undefined;
    const jsonStart = shape[0].length;
    for (const marker of this.#markers) {
      const place = source.indexOf(marker, jsonStart);
      if (place === -1) continue;
      const head = source.slice(0, place + marker.length);
      const rest = /^(?:[^"\\]|\\.)*(".*)$/s.exec(source.slice(head.length))?.[1];
      if (rest === undefined) continue;
      for (const gaps of this.#gapSets) {
        const pieces = { head: toPieces(head, gaps), tail: toPieces(rest, gaps) };
        const event = this.#proven(pieces, jsonStart, gaps);
        if (event !== undefined) return (this.#newest = { ...pieces, event, id: undefined });
      }
    }
    return undefined;
  }

  #hasAnswerGap(pieces: readonly TemplatePiece[]): boolean {
    return pieces.some(({ gap }) => gap !== undefined && this.#answerGaps.includes(gap));
  }

  /** What comes out of the pieces when it is right. */
  #proven(
    { head, tail }: Pick<DeltaTemplate, "head" | "tail">,
    jsonStart: number,
    gaps: readonly DeltaGap[],
  ): JsonObject | undefined {
    const json = `${withFillings(head).slice(jsonStart)}\\u0001tau${withFillings(tail)}`;
    if (json.trimEnd().includes("\n")) return undefined;
    const parsed = parseJson(json);
    if (!parsed.ok || !isJsonObject(parsed.value) || this.#plain(parsed.value) !== sentinel) return undefined;
    const event = parsed.value;
    const pieces = [...head, ...tail];
    const isRight = gaps.every((gap) =>
      gap.isProven(event, pieces.filter((piece) => piece.gap === gap).length),
    );
    return isRight ? event : undefined;
  }
}
