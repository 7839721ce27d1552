import { performance } from "node:perf_hooks";

import { isTauError } from "@tau/core";

import type { Attempt } from "./call-record.ts";
import type { ModelStream } from "./layer.ts";
import type { PipelineCall } from "./pipeline-call.ts";
import { watchStream } from "./watch-stream.ts";

/** The innermost handler: asks the call's model, and keeps how that went in the record. */
export function askModel(call: PipelineCall): ModelStream {
  return call.continuing === undefined ? askOnce(call) : call.continuing(call, askOnce);
}

function askOnce({ model, request, context, record }: PipelineCall): ModelStream {
  let attempt: Attempt;

  return watchStream({
    open() {
      attempt = {
        provider: model.provider,
        model: model.id,
        startedMs: performance.now() - record.startedMs,
        firstBatchMs: undefined,
        endedMs: undefined,
        outcome: "open",
        errorCode: undefined,
        usage: undefined,
      };
      record.attempts.push(attempt);
      return model.stream(request, context);
    },
    seen() {
      if (attempt.firstBatchMs !== undefined) return;
      attempt.firstBatchMs = performance.now() - record.startedMs;
      record.answeredBy = model;
    },
    ended(end) {
      attempt.endedMs = performance.now() - record.startedMs;
      const isLeft = end.kind === "left" || context.signal.aborted;
      attempt.outcome = end.kind === "finished" ? "answered" : isLeft ? "left" : "failed";
      if (end.kind === "finished") attempt.usage = end.event.usage;
      if (end.kind === "failed") attempt.errorCode = isTauError(end.error) ? end.error.code : "internal";
    },
  });
}
