import { performance } from "node:perf_hooks";

import { toErrorInfo } from "@tau/core";
import type { MicroUsd, ModelFinished, Usage } from "@tau/core";

import { costOfCall } from "../pipeline-response.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import type { StreamEnd } from "../stream-watch.ts";
import type { CallResult } from "./call-event.ts";

/** Everything about one call that ended, for events and observations. */
export interface CallOutcome {
  readonly call: PipelineCall;
  readonly result: CallResult;
  /** Absent for a call that did not come to its end. */
  readonly answer: ModelFinished | undefined;
  /** What the model says that its answer took, also one that a layer rejected; of a hit, what it took when it was made. */
  readonly usage: Usage | undefined;
  readonly costMicroUsd: MicroUsd | undefined;
  /** Milliseconds since the call began. */
  readonly firstBatchMs: number | undefined;
  readonly totalMs: number;
}

/** Joins what is known at the end of a call. */
export function outcomeOf(call: PipelineCall, end: StreamEnd, firstBatchMs: number | undefined): CallOutcome {
  const answer = end.kind === "finished" ? end.event : undefined;
  const usage = answer?.usage ?? call.record.attempts.at(-1)?.usage;
  return {
    call,
    result: resultOf(call, end),
    answer,
    usage,
    costMicroUsd: usage === undefined ? undefined : costOfCall({ usage }, call.record),
    firstBatchMs,
    totalMs: performance.now() - call.record.startedMs,
  };
}

function resultOf({ context }: PipelineCall, end: StreamEnd): CallResult {
  if (end.kind === "finished") return { kind: "ok" };
  if (end.kind === "left" || (context.signal.aborted && end.error === context.signal.reason)) {
    return { kind: "left" };
  }
  const { code, class: errorClass } = toErrorInfo(end.error);
  return { kind: "error", code, class: errorClass };
}
