import type { Usage } from "./usage.ts";

/** Millionths of a US dollar, always an integer: sums of a million rows stay exact. */
export type MicroUsd = number;

/** What a model costs, in micro-USD per million tokens (so 3 USD per million is 3_000_000). */
export interface Price {
  readonly inputPerMillion: MicroUsd;
  readonly outputPerMillion: MicroUsd;
  readonly cacheReadPerMillion?: MicroUsd;
  readonly cacheWritePerMillion?: MicroUsd;
}

const million = 1_000_000n;

/** Computes the cost of `usage` at `price`, rounded up to the next micro-USD. */
export function costOf(usage: Usage, price: Price): MicroUsd {
  const uncached = usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens;
  const total =
    BigInt(uncached) * BigInt(price.inputPerMillion) +
    BigInt(usage.cacheReadTokens) * BigInt(price.cacheReadPerMillion ?? price.inputPerMillion) +
    BigInt(usage.cacheWriteTokens) * BigInt(price.cacheWritePerMillion ?? price.inputPerMillion) +
    BigInt(usage.outputTokens) * BigInt(price.outputPerMillion);
  return Number((total + million - 1n) / million);
}

/** Writes micro-USD for people, for example `$0.0123`. */
export function formatUsd(amount: MicroUsd): string {
  const digits = amount !== 0 && Math.abs(amount) < 10_000 ? 6 : 4;
  return `$${(amount / 1_000_000).toFixed(digits)}`;
}
