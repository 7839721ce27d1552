import { NdjsonParser } from "./ndjson/ndjson-parser.ts";
import type { SseSink } from "./sse/sse-parser.ts";
import { SseParser } from "./sse/sse-parser.ts";

/** Cuts the bytes of one answer into events and gives each to the decoder as soon as it is whole. */
export interface FrameParser {
  /** Takes all bytes of one socket read, cut anywhere. */
  push(chunks: readonly Buffer[]): void;
  /** The answer ended: delivers what may end without a mark of its own. */
  end?(): void;
}

/**
 * How a protocol frames the events of a stream. Every framing delivers {@link SseSink} events, so that
 * decoders do not know which one carried them: `name` is the event's kind if the frame says one, `data` its JSON.
 */
export interface Framing {
  /** The content type of such a stream, in lower case; also what the request asks for. */
  readonly contentType: string;
  readonly createParser: (sink: SseSink, maxEventBytes: number) => FrameParser;
}

/** Server-sent events, as most protocols have them. */
export const sseFraming: Framing = {
  contentType: "text/event-stream",
  createParser: (sink, maxEventBytes) => new SseParser(sink, maxEventBytes),
};

/** One JSON object a line. */
export const ndjsonFraming: Framing = {
  contentType: "application/x-ndjson",
  createParser: (sink, maxEventBytes) => new NdjsonParser(sink, maxEventBytes),
};
