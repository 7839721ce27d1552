import type { Json, ModelEvent, ModelFinished } from "@tau/core";

import type { SseSink } from "./sse/sse-parser.ts";

/** Turns the events of one protocol's stream into model events. One per answer. */
export interface AnswerDecoder extends SseSink {
  /** Model events since the last call; the caller owns the list. */
  take(): ModelEvent[];
  /** The response ended. */
  end(): void;
  /**
   * Reads an answer that came whole instead of as a stream: the same events as of a stream that says it
   * in one piece, `finished` among them. It is no error object; anything else it may be.
   */
  readAnswer(answer: Json): void;
  /** Present from the end marker on; also the last of the events. */
  readonly finished: ModelFinished | undefined;
}
