import type { Model, ModelRequest } from "@tau/agent";
import type { CallContext, ModelEvent } from "@tau/core";

import type { CallRecord } from "./call-record.ts";

/**
 * One call on its way through the layers; made fresh for every call. A layer that changes something hands on
 * a changed copy; `record` stays the same object.
 */
export interface PipelineCall {
  readonly request: ModelRequest;
  readonly context: CallContext;
  /** Who is asked. Outside of routing: who will probably answer, the first of `candidates`. */
  readonly model: Model;
  /** All who may answer, best first: what is reserved, cached and refused must be right for each of them. */
  readonly candidates: readonly Model[];
  /** Set by routing: another candidate is asked when this one fails, so there is no need to wait for it long. */
  readonly hasFallback?: boolean;
  readonly record: CallRecord;
  /**
   * Set by budget: hears of each batch that a layer inside of it holds back, when it comes, so that it is counted
   * then. Is waited for; what it throws ends the call.
   */
  readonly arrived?: (batch: readonly ModelEvent[]) => void | Promise<void>;
  /**
   * Set by cache: asks, perhaps with the beginning of the prompt replaced by what the model's provider keeps of it. Used
   * innermost: what is kept has left through the guard, and whoever is asked instead needs the whole prompt.
   */
  readonly continuing?: (call: PipelineCall, ask: AskCall) => ReturnType<AskCall>;
}

type AskCall = (call: PipelineCall) => AsyncIterable<readonly ModelEvent[]>;
