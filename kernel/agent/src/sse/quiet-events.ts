import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import type { DeltaGap } from "./delta-gap.ts";
import { behindPieces, copyOf, textIn, toPieces, withFillings } from "./delta-template.ts";
import type { TemplatePiece } from "./delta-template.ts";
import type { SseEvent } from "./sse-parser.ts";

/** Events that are known at once; an answer has two kinds of them. */
const most = 4;

/** Learnt ones of which none came again before nothing more is learnt. */
const fruitlessLearns = 8;

/** Longer events say something. */
const maxLength = 1_000;

const frame = { begin: /^data: ?(?=\{)/, end: /\}((?:\r\n){2}|\n\n)$/ };

/** Options of {@link QuietEvents}. */
export interface QuietEventsOptions<News> {
  /** What an event tells, all of it but what stands in the gaps; undefined when it may do more than to tell. */
  readonly newsOf: (event: Json) => News | undefined;
  /** What says whose event it is. */
  readonly id: DeltaGap;
  /** What else differs from answer to answer, and nobody reads. */
  readonly others: readonly DeltaGap[];
}

interface Known<News> {
  readonly pieces: readonly TemplatePiece[];
  readonly news: News;
}

/**
 * Events that add nothing to an answer, such as its first and that of its end: the same in every answer of a model but for its
 * id and its time. Each is parsed once, and known again by its text.
 *
 * Why it is right: {@link learn} takes an event only if, with something else in its gaps, it parses to the same news, and that
 * something comes out at the places of the gaps, and nowhere else. An event that does not say whose it is, or in a way that is
 * no gap, is never taken.
 */
export class QuietEvents<News extends object> {
  readonly #options: QuietEventsOptions<News>;
  readonly #gaps: readonly DeltaGap[];
  #known: readonly Known<News>[] = [];
  #learns = 0;

  constructor(options: QuietEventsOptions<News>) {
    this.#options = options;
    this.#gaps = [options.id, ...options.others];
  }

  /** What the last event told that {@link read} took. */
  news: News | undefined;
  /** Its id; empty when it has none. */
  id = "";

  /** Reads the event at `offset`, answers the offset behind it, or -1 if it is none that is known. */
  read(source: string, offset: number): number {
    for (const { pieces, news } of this.#known) {
      const behind = behindPieces(pieces, source, offset);
      if (behind === -1) continue;
      this.news = news;
      this.id = textIn(pieces, this.#options.id, { source, offset }) ?? "";
      this.#learns = 0;
      return behind;
    }
    return -1;
  }

  /** Lets go of what the last event told: whoever read it has it, and the next answer has its own. */
  forget(): void {
    this.news = undefined;
    this.id = "";
  }

  /** Takes an event that was read the slow way, if it is a quiet one. */
  learn({ text, start, end }: SseEvent, event: Json): void {
    if (start < 0 || end - start > maxLength || this.#learns >= fruitlessLearns) return;
    const news = this.#options.newsOf(event);
    if (news === undefined) return;
    this.#learns++;
    const source = copyOf(text.slice(start, end));
    const jsonStart = frame.begin.exec(source)?.[0].length;
    if (jsonStart === undefined || !frame.end.test(source)) return;
    const pieces = toPieces(source, this.#gaps);
    if (!this.#isProven(pieces, jsonStart, news)) return;
    this.#known = [...this.#known.slice(1 - most), { pieces, news }];
  }

  #isProven(pieces: readonly TemplatePiece[], jsonStart: number, news: News): boolean {
    const json = withFillings(pieces).slice(jsonStart).trimEnd();
    const parsed = parseJson(json);
    if (json.includes("\n") || !parsed.ok || !isJsonObject(parsed.value)) return false;
    const event = parsed.value;
    const hasId = pieces.some(({ gap }) => gap === this.#options.id);
    const isSame = JSON.stringify(this.#options.newsOf(event)) === JSON.stringify(news);
    return (
      hasId &&
      isSame &&
      this.#gaps.every((gap) => gap.isProven(event, pieces.filter((piece) => piece.gap === gap).length))
    );
  }
}
