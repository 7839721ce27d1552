import type { ModelEvent, ModelFinished } from "@tau/core";

import type { SseSink } from "./sse/sse-parser.ts";

/** Turns the events of one protocol's stream into model events. One per answer. */
export interface AnswerDecoder extends SseSink {
  /** Model events since the last call; the caller owns the list. */
  take(): ModelEvent[];
  /** The response ended. */
  end(): void;
  /** Present from the end marker on; also the last of the events. */
  readonly finished: ModelFinished | undefined;
}
