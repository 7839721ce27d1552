import { isJsonObject, parseJson } from "@tau/core";

import type { FrameParser } from "../framing.ts";
import { SseParser } from "../sse/sse-parser.ts";
import type { SseSink } from "../sse/sse-parser.ts";

/** Bytes of a failure that are kept. */
const mostBytes = 16_384;
const openingBrace = 0x7b;

/**
 * Parses the events of a stream, and what the provider says when it fails in the middle of one: JSON that stands
 * between the events, in no frame. It is told at the end, when nothing follows it.
 */
export class GeminiStreamParser implements FrameParser {
  readonly #events: SseParser;
  readonly #sink: SseSink;
  /** From a brace on that may begin a line of its own. */
  #unframed: Buffer[] = [];
  #bytes = 0;

  constructor(sink: SseSink, maxEventBytes: number) {
    this.#events = new SseParser(sink, maxEventBytes);
    this.#sink = sink;
  }

  push(chunks: readonly Buffer[]): void {
    this.#events.push(chunks);
    for (const chunk of chunks) this.#keep(chunk);
  }

  end(): void {
    if (this.#bytes === 0) return;
    const text = Buffer.concat(this.#unframed).toString("utf8");
    const parsed = parseJson(text);
    if (!parsed.ok || !isJsonObject(parsed.value) || !isJsonObject(parsed.value["error"])) return;
    this.#sink.event({ name: "", data: text, text: "", start: -1, end: -1 });
  }

  #keep(chunk: Buffer): void {
    const line = chunk.lastIndexOf("\n{") + 1;
    if (line > 0 || chunk[0] === openingBrace) {
      this.#unframed = [chunk.subarray(line)];
      this.#bytes = chunk.length - line;
    } else if (this.#bytes > 0) {
      this.#unframed.push(chunk);
      this.#bytes += chunk.length;
    }
    if (this.#bytes <= mostBytes) return;
    this.#unframed = [];
    this.#bytes = 0;
  }
}
