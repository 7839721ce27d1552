import { parseJson } from "@tau/core";

import { EventTooLargeError } from "../event-too-large.ts";
import type { SseSink } from "../sse/sse-parser.ts";

const lineFeed = 0x0a;

/**
 * Cuts `application/x-ndjson` into lines out of bytes cut anywhere. Only whole lines are decoded, so no character is
 * ever cut; empty ones are left out. What stands behind the last line feed counts only if it is whole JSON.
 */
export class NdjsonParser {
  readonly #sink: SseSink;
  readonly #maxLineBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(sink: SseSink, maxLineBytes: number) {
    this.#sink = sink;
    this.#maxLineBytes = maxLineBytes;
  }

  /** @throws EventTooLargeError */
  push(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      const end = chunk.lastIndexOf(lineFeed) + 1;
      if (end > 0) this.#lines(this.#withRest(chunk.subarray(0, end)));
      if (end < chunk.length) this.#keep(chunk.subarray(end));
    }
  }

  /** The answer ended: delivers a last line without a line feed. */
  end(): void {
    const text = Buffer.concat(this.#rest).toString("utf8").trim();
    if (text !== "" && parseJson(text).ok) this.#lines(`${text}\n`);
  }

  #withRest(bytes: Buffer): string {
    if (this.#restBytes === 0) return bytes.toString("utf8");
    this.#keep(bytes);
    const text = Buffer.concat(this.#rest, this.#restBytes).toString("utf8");
    this.#rest = [];
    this.#restBytes = 0;
    return text;
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.#maxLineBytes) throw new EventTooLargeError(this.#maxLineBytes);
  }

  /** Reads `text`, which ends with a line feed. */
  #lines(text: string): void {
    let offset = 0;
    while (offset < text.length) {
      const behind = this.#sink.shortcut(text, offset);
      if (behind > offset) {
        offset = behind;
        continue;
      }
      const end = text.indexOf("\n", offset) + 1;
      const data = text.slice(offset, end - 1);
      if (data.trim() !== "") this.#sink.event({ name: "", data, text, start: offset, end });
      offset = end;
    }
  }
}
