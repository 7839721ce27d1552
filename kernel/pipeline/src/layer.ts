import type { ModelEvent } from "@tau/core";

import type { LayerName } from "./layer-order.ts";
import type { PipelineCall } from "./pipeline-call.ts";

/** What a model streams: batches of events, as {@link Model} promises them. */
export type ModelStream = AsyncIterable<readonly ModelEvent[]>;

/** Answers a call; keeps the contract of `Model.stream`. */
export type Handler = (call: PipelineCall) => ModelStream;

/**
 * One layer around a model call.
 *
 * Contract, checked by `describeLayer()` from `@tau/pipeline/testing`:
 * - A handler takes nothing (a reservation, a place, a probe) before its stream is first pulled, and has given
 *   everything back when the stream ended, threw, or was left by `return()`, wherever that happens.
 * - What `next` throws passes unchanged, unless changing it is what the layer is for.
 * - Batches pass whole: no layer splits one, holds one back or looks at single tokens without need.
 * - A layer adds facts to `call.record`, and to nothing else that it did not make.
 */
export interface Layer {
  readonly name: LayerName;
  wrap(next: Handler): Handler;
  /**
   * For routing only: which models may answer, best first, asked once before the call enters its outermost
   * layer. Adds those it leaves out to `call.record.skipped`. Never throws.
   */
  candidates?(call: PipelineCall): PipelineCall["candidates"];
}
