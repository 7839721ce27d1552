import type { ModelEvent, ModelFinished } from "@tau/core";

import type { ModelStream } from "./layer.ts";

type Batch = readonly ModelEvent[];

/**
 * How a stream ended: with its last event, by throwing, or because its reader went away before.
 *
 * A reader that is cancelled while it waits sees the source throw the signal's reason: that is `failed`.
 */
export type StreamEnd =
  | { readonly kind: "finished"; readonly event: ModelFinished }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "left" };

/** What is done around a stream; its functions are called without `this`. */
export interface StreamWatch {
  /** Makes the stream, when it is first pulled. What it throws ends the stream, and `ended` hears of it. */
  readonly open: () => ModelStream | Promise<ModelStream>;
  /**
   * Asked when the stream, or opening it, failed before its first batch: gives another one in its place, or throws what
   * the reader hears. Asked again when that one fails.
   */
  readonly instead?: (error: unknown) => ModelStream | Promise<ModelStream>;
  /**
   * Sees each batch before the reader does, who waits for it if it takes time. What it throws ends the stream and closes
   * the source.
   */
  readonly seen?: (batch: Batch) => void | Promise<void>;
  /** Changes each batch that was seen; an empty one is not handed on. What it throws is as what `seen` throws. */
  readonly change?: (batch: Batch) => Batch;
  /**
   * Called exactly once for a stream that was pulled, and never for another. Of a whole answer it hears before
   * the reader gets the last event, so that what it settles is settled by then. Is waited for, and must not fail.
   */
  readonly ended?: (end: StreamEnd) => void | Promise<void>;
}
