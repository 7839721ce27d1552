import { setTimeout as delay } from "node:timers/promises";

import { isTauError } from "@tau/core";
import type { CallContext, ModelEvent, TauError } from "@tau/core";

import { beginStream } from "./begin-stream.ts";
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
  /** Waits, and rejects with `signal.reason` when it aborts. Default: by the timers of this process. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
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
  /** Which failures can pass by themselves. Default: those of class `retryable` and `rate_limited`. */
  readonly canPass?: (error: TauError) => boolean;
  readonly onRetry?: (notice: RetryNotice) => void;
}

/**
 * Wraps a model so that a call that failed before its first event is made again, as {@link beginWithRetry} says.
 */
export function retry(model: Model, policy: RetryPolicy): Model {
  return {
    ...model,
    async *stream(request: ModelRequest, context: CallContext): AsyncGenerator<readonly ModelEvent[]> {
      yield* await beginWithRetry(() => model.stream(request, context), context, policy);
    },
  };
}

/**
 * Opens streams until one of them speaks, and gives that one, its first batch included; each failure that can
 * pass has another try.
 *
 * Waits a random time that doubles its range (full jitter), or longer when the provider asks for it, but never
 * past `context.deadline`: then the failure is thrown at once. A stream that has spoken is never repeated,
 * because the caller would hear the same words twice.
 */
export async function beginWithRetry(
  open: () => AsyncIterable<readonly ModelEvent[]>,
  context: CallContext,
  policy: RetryPolicy,
): Promise<AsyncIterable<readonly ModelEvent[]>> {
  const untilNextTry = createRetries(context, policy);

  for (;;) {
    try {
      return await beginStream(open());
    } catch (error) {
      await untilNextTry(error);
    }
  }
}

/**
 * Counts the failures of one call: waits until it may be made again, as {@link beginWithRetry} says, or throws the failure.
 */
export function createRetries(
  { signal, deadline = Infinity }: CallContext,
  policy: RetryPolicy,
): (failure: unknown) => Promise<void> {
  const { retries = 3, wait = waitByTimer, canPass = canPassByClass, now = Date.now } = policy;
  let failures = 0;

  return async (error) => {
    failures++;
    if (failures > retries || signal.aborted || !isTauError(error) || !canPass(error)) throw error;
    const waitMs = waitFor(error, failures, policy);
    if (waitMs === undefined || now() + waitMs >= deadline) throw error;
    policy.onRetry?.({ retry: failures, waitMs, error });
    await wait(waitMs, signal);
  };
}

function canPassByClass(error: TauError): boolean {
  return error.class === "retryable" || error.class === "rate_limited";
}

/** Undefined when the provider asks for more patience than the policy has. */
function waitFor(error: TauError, attempt: number, policy: RetryPolicy): number | undefined {
  const { baseMs = 200, capMs = 10_000, maxRetryAfterMs = 300_000, random = Math.random } = policy;
  const jitterMs = Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
  const askedMs = error.retryAfterMs ?? 0;
  return askedMs > maxRetryAfterMs ? undefined : Math.max(jitterMs, askedMs);
}

async function waitByTimer(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
