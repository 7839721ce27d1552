import { isTauError } from "@tau/core";
import type { CallContext, ModelEvent, TauError } from "@tau/core";

import type { Model, ModelRequest } from "./model.ts";

/** A failed attempt that will be repeated. */
export interface RetryNotice {
  /** 1 for the first repetition. */
  readonly retry: number;
  /** Milliseconds until then. */
  readonly waitMs: number;
  readonly error: TauError;
}

/** When and how often a failed call is repeated. */
export interface RetryPolicy {
  /** Waits, and rejects with `signal.reason` when it aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Repetitions after the first attempt. Default 3. */
  readonly retries?: number;
  /** The first wait is random up to this, the next up to twice as much. Default 200 ms. */
  readonly baseMs?: number;
  /** No random wait is longer. Default 10,000 ms. */
  readonly capMs?: number;
  /** A provider that asks for a longer wait is not waited for. Default 300,000 ms. */
  readonly maxRetryAfterMs?: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly onRetry?: (notice: RetryNotice) => void;
}

/**
 * Wraps a model so that a call that failed before its first event is made again, if its failure can pass:
 * classes `retryable` and `rate_limited`.
 *
 * Waits a random time that doubles its range (full jitter), or longer when the provider asks for it, but
 * never past `context.deadline`: then the failure is thrown at once. A stream that has spoken is never
 * repeated, because the caller would hear the same words twice.
 */
export function retry(model: Model, policy: RetryPolicy): Model {
  const { retries = 3, now = Date.now } = policy;

  return {
    ...model,
    async *stream(request: ModelRequest, context: CallContext): AsyncGenerator<readonly ModelEvent[]> {
      for (let attempt = 1; ; attempt++) {
        let started = false;
        let waitMs: number | undefined;
        try {
          for await (const batch of model.stream(request, context)) {
            started = true;
            yield batch;
          }
          return;
        } catch (error) {
          if (started || attempt > retries || context.signal.aborted || !canPass(error)) throw error;
          waitMs = waitFor(error, attempt, policy);
          const end = now() + (waitMs ?? 0);
          if (waitMs === undefined || (context.deadline !== undefined && end >= context.deadline))
            throw error;
          policy.onRetry?.({ retry: attempt, waitMs, error });
        }
        await policy.wait(waitMs, context.signal);
      }
    },
  };
}

function canPass(error: unknown): error is TauError {
  return isTauError(error) && (error.class === "retryable" || error.class === "rate_limited");
}

/** Undefined when the provider asks for more patience than the policy has. */
function waitFor(error: TauError, attempt: number, policy: RetryPolicy): number | undefined {
  const { baseMs = 200, capMs = 10_000, maxRetryAfterMs = 300_000, random = Math.random } = policy;
  const jitterMs = Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
  const askedMs = error.retryAfterMs ?? 0;
  return askedMs > maxRetryAfterMs ? undefined : Math.max(jitterMs, askedMs);
}
