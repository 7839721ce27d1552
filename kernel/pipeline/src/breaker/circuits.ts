/** How a call went, as far as it tells of its provider's health; a cancelled call tells nothing. */
export type CircuitOutcome = "success" | "failure" | "ignored";

/** Leave to make one call; given back with `leave`. */
export interface CircuitPermit {
  readonly circuit: string;
  /** Opaque to everybody but the circuits that gave it. */
  readonly id: number;
  /** One of the few calls that find out whether the provider is well again. */
  readonly isProbe: boolean;
}

/** The answer to a call that must not be made; `retryAfterMs` is when to ask again. */
export interface CircuitRefusal {
  readonly retryAfterMs: number;
}

/**
 * The state of breakers, perhaps shared by several processes.
 *
 * Contract, checked by `describeCircuits()` from `@tau/pipeline/testing`:
 * - Closed, `enter` gives a permit. Once enough permits came back and enough of those as failures, the circuit is open:
 *   `enter` refuses. After a while it gives a few permits as probes: a failure opens the circuit again, enough
 *   successes close it.
 * - At no time are there more probes than configured; a probe that came back ignored is given to the next caller.
 * - A probe whose owner died is given up after a while.
 * - A permit from before the circuit's last change changes nothing when it comes back.
 */
export interface Circuits {
  enter(circuit: string): CircuitPermit | CircuitRefusal | Promise<CircuitPermit | CircuitRefusal>;
  leave(permit: CircuitPermit, outcome: CircuitOutcome): void | Promise<void>;
}

/** When circuits open and close. */
export interface CircuitPolicy {
  /** Share of failures from which on the circuit opens. Default 0.5. */
  readonly failureRatio?: number;
  /** No circuit opens before so many calls came back within the window. Default 20. */
  readonly minRequests?: number;
  /** How far back calls count. Default 60,000 ms. */
  readonly windowMs?: number;
  /** How long a circuit stays open before probes are let through. Default 30,000 ms. */
  readonly openMs?: number;
  /** Probes at a time, and successes that close the circuit. Default 3. */
  readonly probes?: number;
  /** After so long without an answer a probe is given to another call. Default 300,000 ms. */
  readonly probeTimeoutMs?: number;
}
