import { crc32 } from "node:zlib";

import { EventStreamCodec } from "@smithy/eventstream-codec";
import { modelError } from "@tau/agent/adapter";
import type { FrameParser, ModelIdentity, SseEvent, SseSink } from "@tau/agent/adapter";
import { isJsonObject, parseJson } from "@tau/core";
import type { TauError } from "@tau/core";

/** Lengths of the frame and of its headers, and their checksum. */
const preludeBytes = 12;
const noBytes = Buffer.alloc(0);

/** What a frame of an exception is called when it reaches the decoder. */
export const exceptionEvent = "exception";

/**
 * Parses `application/vnd.amazon.eventstream` out of bytes cut anywhere. Every frame proves its length and its
 * content by checksums, so nothing that was damaged or cut is ever delivered.
 */
export class EventStreamParser implements FrameParser {
  readonly #sink: SseSink;
  readonly #maxEventBytes: number;
  readonly #identity: ModelIdentity;
  readonly #codec = new EventStreamCodec(
    (bytes) => Buffer.from(bytes).toString("utf8"),
    (text) => Buffer.from(text),
  );
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Bytes of the frame that has begun, once its prelude is here. */
  #frameBytes: number | undefined;

  constructor(sink: SseSink, maxEventBytes: number, identity: ModelIdentity) {
    this.#sink = sink;
    this.#maxEventBytes = maxEventBytes;
    this.#identity = identity;
  }

  /** @throws TauError `model.parse`, `model.too_large`, or what an exception in the stream means */
  push(chunks: readonly Buffer[]): void {
    this.#rest.push(...chunks);
    for (const chunk of chunks) this.#restBytes += chunk.length;
    while (this.#restBytes >= (this.#frameBytes ?? preludeBytes)) {
      if (this.#frameBytes === undefined) this.#readPrelude();
      else this.#deliver(this.#frameBytes);
    }
  }

  #readPrelude(): void {
    const bytes = this.#joined();
    const length = bytes.readUInt32BE(0);
    // Checked before the length is believed: garbage would make us wait for gigabytes.
    if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8))
      throw this.#broken("The checksum of a prelude is wrong.");
    if (length > this.#maxEventBytes) throw modelError("model.too_large", this.#identity);
    this.#frameBytes = length;
  }

  #deliver(length: number): void {
    const bytes = this.#joined();
    const { headers, body } = this.#decode(bytes.subarray(0, length));
    this.#rest = length === bytes.length ? [] : [bytes.subarray(length)];
    this.#restBytes = bytes.length - length;
    this.#frameBytes = undefined;
    const text = (name: string): string => String(headers[name]?.value ?? "");
    const data = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
    this.#sink.event(
      text(":message-type") === "event"
        ? event(text(":event-type"), data)
        : event(
            exceptionEvent,
            exceptionBody(text(":exception-type") || text(":error-code"), data, text(":error-message")),
          ),
    );
  }

  #decode(frame: Buffer): ReturnType<EventStreamCodec["decode"]> {
    try {
      return this.#codec.decode(frame);
    } catch (error) {
      throw this.#broken(error instanceof Error ? error.message : String(error));
    }
  }

  /** All bytes that wait, in one piece. */
  #joined(): Buffer {
    const bytes = this.#rest.length === 1 ? (this.#rest[0] ?? noBytes) : Buffer.concat(this.#rest);
    this.#rest = [bytes];
    return bytes;
  }

  #broken(reason: string): TauError {
    return modelError("model.parse", this.#identity, { cause: new Error(reason) });
  }
}

function event(name: string, data: string): SseEvent {
  return { name, data, text: "", start: -1, end: -1 };
}

/** An exception in the words that error answers have, so that both are read by the same rules. */
function exceptionBody(type: string, data: string, message: string): string {
  const parsed = parseJson(data);
  const said = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  return JSON.stringify({ error: { message, ...said, type } });
}
