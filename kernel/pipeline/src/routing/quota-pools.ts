import type { Model, RateLimits } from "@tau/agent";
import type { TauError } from "@tau/core";

import type { Candidate } from "./candidate.ts";

/** How long a pool is left alone whose provider does not say how long. */
const defaultPauseMs = { rate_limited: 5_000, payment: 300_000 };

/** Knows which quotas are used up: from failures, and from what providers say in their headers. */
export class QuotaPools {
  readonly #now: () => number;
  /** When a pool may be asked again. Pools come from the configuration, so there are few. */
  readonly #pausedUntil = new Map<Pool, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes note when a failure says that a quota is used up. */
  noteFailure(candidate: Candidate, error: TauError): void {
    const isUnpaid = error.code === "model.payment_required";
    if (!isUnpaid && error.class !== "rate_limited") return;
    const pauseMs = error.retryAfterMs ?? defaultPauseMs[isUnpaid ? "payment" : "rate_limited"];
    this.#pausedUntil.set(poolOf(candidate), this.#now() + pauseMs);
  }

  /** Tells whether asking now would probably be refused. */
  isUsedUp(candidate: Candidate): boolean {
    // Most of the time no pool is paused, and no provider has said anything.
    const limits = candidate.model.rateLimits?.();
    if (this.#pausedUntil.size === 0 && limits === undefined) return false;
    const now = this.#now();
    const pausedUntil = this.#pausedUntil.get(poolOf(candidate));
    if (pausedUntil !== undefined && pausedUntil > now) return true;
    return limits !== undefined && sayUsedUp(limits, now);
  }
}

/** A quota: by its name, or the one of a model that shares with nobody. */
export type Pool = string | Model;

/**
 * The quota that a candidate uses; one of its own where nothing is configured, whatever its model is called: another server,
 * or another key, has other limits.
 */
export function poolOf({ pool, model }: Candidate): Pool {
  return pool ?? model;
}

function sayUsedUp(limits: RateLimits, now: number): boolean {
  if (limits.retryAt !== undefined && limits.retryAt > now) return true;
  return [limits.requests, limits.tokens, limits.outputTokens].some(
    (limit) => limit?.remaining === 0 && limit.resetAt !== undefined && limit.resetAt > now,
  );
}
