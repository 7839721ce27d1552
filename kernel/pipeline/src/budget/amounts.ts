import type { MicroUsd } from "@tau/core";

/** What a budget counts. Non-negative integers. */
export interface Amounts {
  readonly requests: number;
  /** Input plus output. */
  readonly tokens: number;
  readonly costMicroUsd: MicroUsd;
}

/** One of the things that are counted. */
export type BudgetMetric = keyof Amounts;

/** Nothing at all. */
export const noAmounts: Amounts = { requests: 0, tokens: 0, costMicroUsd: 0 };

/** Tells whether a number is what an amount is made of: NaN and what is negative would undo every limit. */
export function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}

/** Adds two amounts. */
export function addAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    requests: a.requests + b.requests,
    tokens: a.tokens + b.tokens,
    costMicroUsd: a.costMicroUsd + b.costMicroUsd,
  };
}

/** Takes `b` from `a`; negative where `b` is larger. */
export function subtractAmounts(a: Amounts, b: Amounts): Amounts {
  return {
    requests: a.requests - b.requests,
    tokens: a.tokens - b.tokens,
    costMicroUsd: a.costMicroUsd - b.costMicroUsd,
  };
}
