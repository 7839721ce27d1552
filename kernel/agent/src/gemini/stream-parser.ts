import { isJsonObject, parseJson } from "@tau/core";

import type { FrameParser } from "../framing.ts";
import { SseParser } from "../sse/sse-parser.ts";
import type { SseEvent, SseSink } from "../sse/sse-parser.ts";

/** Characters of a failure that are kept. */
const mostChars = 16_384;

/**
 * Parses the events of a stream, and what the provider says when it fails in the middle of one: JSON that stands
 * between the events, in no frame, as lines that no event has. It is told at the end, and only when no event follows it.
 */
export class GeminiStreamParser implements FrameParser, SseSink {
  readonly #events: SseParser;
  readonly #sink: SseSink;
  /** From a line on that begins with a brace. */
  #unframed = "";

  constructor(sink: SseSink, maxEventBytes: number) {
    this.#events = new SseParser(this, maxEventBytes, (line) => this.#keep(line));
    this.#sink = sink;
  }

  push(chunks: readonly Buffer[]): void {
    this.#events.push(chunks);
  }

  event(event: SseEvent): void {
    this.#unframed = "";
    this.#sink.event(event);
  }

  shortcut(text: string, offset: number): number {
    const behind = this.#sink.shortcut(text, offset);
    if (behind !== -1) this.#unframed = "";
    return behind;
  }

  end(): void {
    const { rest } = this.#events;
    if (rest !== "") this.#keep(rest);
    if (this.#unframed === "") return;
    const text = this.#unframed;
    const parsed = parseJson(text);
    if (!parsed.ok || !isJsonObject(parsed.value) || !isJsonObject(parsed.value["error"])) return;
    this.#sink.event({ name: "", data: text, text: "", start: -1, end: -1 });
  }

  #keep(line: string): void {
    if (line.startsWith("{")) this.#unframed = line;
    else if (this.#unframed !== "") this.#unframed += `\n${line}`;
    if (this.#unframed.length > mostChars) this.#unframed = "";
  }
}
