import type { Amounts, BudgetMetric } from "./amounts.ts";
import type { BudgetWindow } from "./budget-window.ts";

/** How much an account may use in one window; a metric that is absent is not limited. */
export interface BudgetLimit extends Partial<Amounts> {
  readonly window: BudgetWindow;
}

/** Something that spends, and what limits it. */
export interface BudgetAccount {
  /** Unique within the tenant, for example `["principal","ada"]` as JSON. */
  readonly key: string;
  readonly limits: readonly BudgetLimit[];
}

/** What is to be set aside. */
export interface Reservation {
  readonly tenant: string;
  /** Unique; settling names it. */
  readonly id: string;
  /** Each must have room; none is charged when one has not. */
  readonly accounts: readonly BudgetAccount[];
  readonly amounts: Amounts;
  /** Milliseconds since the epoch: decides which windows are charged, then and when it is settled. */
  readonly at: number;
}

/** The first limit that had no room. */
export interface BudgetRefusal {
  readonly account: string;
  readonly window: BudgetWindow;
  readonly metric: BudgetMetric;
  readonly limit: number;
  /** Used and set aside already. */
  readonly taken: number;
}

/**
 * Counts what accounts use, in calendar windows (UTC).
 *
 * Contract, checked by `describeBudgetLedger()` from `@tau/pipeline/testing`:
 * - L1. `reserve` sets aside in every account or in none, atomically: however calls interleave, what is used and set
 *   aside never exceeds a limit through it. It answers the refusal, or undefined when granted.
 * - L2. `settle` puts what was used in the place of what was set aside, in the windows of the reservation. Once: an
 *   unknown or settled id changes nothing. More than was set aside is counted too; it was really spent.
 * - L3. What a process that died had set aside stays counted as used: the provider may have billed it.
 * - L4. Nothing of one tenant counts for another.
 *
 * Whoever knows the answer at once gives it at once: a call need not wait then.
 */
export interface BudgetLedger {
  reserve(reservation: Reservation): BudgetRefusal | undefined | Promise<BudgetRefusal | undefined>;
  settle(tenant: string, id: string, used: Amounts): void | Promise<void>;
  /** Used and set aside in the window of this moment. */
  taken(query: BudgetQuery): Promise<Amounts>;
  /** Drops an account whose `ever` window nobody needs any more, for example that of a run that ended. */
  forget(tenant: string, account: string): Promise<void>;
}

/** Asks what an account has used. */
export interface BudgetQuery {
  readonly tenant: string;
  readonly account: string;
  readonly window: BudgetWindow;
  readonly at: number;
}

/** Finds the metric of a limit that has no room for `wanted` beside what is `taken`; what is NaN has no room. */
export function metricWithoutRoom(
  { requests, tokens, costMicroUsd }: BudgetLimit,
  taken: Amounts,
  wanted: Amounts,
): BudgetMetric | undefined {
  if (!hasRoom(requests, taken.requests + wanted.requests)) return "requests";
  if (!hasRoom(tokens, taken.tokens + wanted.tokens)) return "tokens";
  return hasRoom(costMicroUsd, taken.costMicroUsd + wanted.costMicroUsd) ? undefined : "costMicroUsd";
}

function hasRoom(most: number | undefined, sum: number): boolean {
  return most === undefined || sum <= most;
}
