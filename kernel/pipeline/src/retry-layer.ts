import { createRetries } from "@tau/agent";
import type { RetryPolicy } from "@tau/agent";

import type { Layer, ModelStream } from "./layer.ts";
import type { PipelineCall } from "./pipeline-call.ts";
import { watchStream } from "./watch-stream.ts";

/**
 * Makes a call that failed before its first event again, if its failure can pass; three times by default, with
 * random waits up to 200 ms, 400 ms, … 10 s, longer where the provider asks for it, never past the deadline. A provider that
 * asks for more than `capMs` is waited for only when routing has nobody else to ask.
 *
 * A stream that has spoken is never repeated, nor is what cannot pass. An open breaker is not waited for: another
 * candidate may answer at once.
 */
export function retryLayer(policy: RetryPolicy = {}): Layer {
  const { canPass = (error) => error.class === "retryable" || error.class === "rate_limited" } = policy;

  const { capMs = 10_000, maxRetryAfterMs = 300_000 } = policy;

  function recorded({ model: { provider, id: model }, hasFallback, record }: PipelineCall): RetryPolicy {
    return {
      ...policy,
      maxRetryAfterMs: hasFallback === true ? Math.min(capMs, maxRetryAfterMs) : maxRetryAfterMs,
      canPass: (error) => error.code !== "pipeline.circuit_open" && canPass(error),
      onRetry(notice) {
        const { code: errorCode, class: errorClass } = notice.error;
        record.retries.push({ provider, model, errorCode, errorClass, waitMs: notice.waitMs });
        policy.onRetry?.(notice);
      },
    };
  }

  return {
    name: "retry",
    wrap: (next) => (call) => {
      const open = (): ModelStream => next(call);
      let untilNextTry: ((failure: unknown) => Promise<void>) | undefined;
      return watchStream({
        open,
        async instead(failure) {
          untilNextTry ??= createRetries(call.context, recorded(call));
          await untilNextTry(failure);
          return open();
        },
      });
    },
  };
}
