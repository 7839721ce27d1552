import type { CircuitOutcome, CircuitPolicy } from "./circuits.ts";
import { RollingCounts } from "./rolling-counts.ts";

/** Whether calls pass. */
export type CircuitState = "closed" | "open" | "half_open";

/** A circuit's answer: a permit's number, or how long to stay away. */
export type Entered =
  | { readonly permit: number; readonly isProbe: boolean }
  | { readonly retryAfterMs: number };

/** Refused because all probes are on their way: none of them says when it will be back. */
const probesAwayMs = 1000;

/** One breaker. */
export class Circuit {
  readonly #policy: Required<CircuitPolicy>;
  #state: CircuitState = "closed";
  #counts: RollingCounts;
  #openedAtMs = 0;
  #lastPermit = 0;
  /** Permits up to this one are from before the last change. */
  #staleUpTo = 0;
  #successes = 0;
  /** Probes on their way, by permit, with the time at which they are given up. */
  readonly #probes = new Map<number, number>();

  constructor(policy: Required<CircuitPolicy>) {
    this.#policy = policy;
    this.#counts = new RollingCounts(policy.windowMs);
  }

  get state(): CircuitState {
    return this.#state;
  }

  get probesHeld(): number {
    return this.#probes.size;
  }

  enter(nowMs: number): Entered {
    if (this.#state === "open") {
      const leftMs = this.#openedAtMs + this.#policy.openMs - nowMs;
      if (leftMs > 0) return { retryAfterMs: Math.ceil(leftMs) };
      this.#change("half_open");
    }
    if (this.#state === "closed") return { permit: ++this.#lastPermit, isProbe: false };
    for (const [permit, givenUpAtMs] of this.#probes) if (givenUpAtMs <= nowMs) this.#probes.delete(permit);
    if (this.#probes.size + this.#successes >= this.#policy.probes) return { retryAfterMs: probesAwayMs };
    const permit = ++this.#lastPermit;
    this.#probes.set(permit, nowMs + this.#policy.probeTimeoutMs);
    return { permit, isProbe: true };
  }

  leave(permit: number, outcome: CircuitOutcome, nowMs: number): void {
    if (permit <= this.#staleUpTo) return;
    if (this.#state === "half_open") {
      if (this.#probes.delete(permit)) this.#leaveProbe(outcome, nowMs);
      return;
    }
    if (outcome === "ignored") return;
    this.#counts.add(outcome, nowMs);
    if (outcome === "failure" && this.#isBad(nowMs)) this.#open(nowMs);
  }

  #leaveProbe(outcome: CircuitOutcome, nowMs: number): void {
    if (outcome === "failure") this.#open(nowMs);
    if (outcome === "success" && ++this.#successes >= this.#policy.probes) this.#change("closed");
  }

  #isBad(nowMs: number): boolean {
    const { calls, failures } = this.#counts.total(nowMs);
    return calls >= this.#policy.minRequests && failures >= calls * this.#policy.failureRatio;
  }

  #open(nowMs: number): void {
    this.#openedAtMs = nowMs;
    this.#change("open");
  }

  #change(state: CircuitState): void {
    this.#state = state;
    this.#staleUpTo = this.#lastPermit;
    this.#successes = 0;
    this.#probes.clear();
    this.#counts = new RollingCounts(this.#policy.windowMs);
  }
}
