import type { Usage } from "./usage.ts";

/** Millionths of a US dollar, always an integer: sums of a million rows stay exact. */
export type MicroUsd = number;

/** What tokens cost, in micro-USD per million tokens (so 3 USD per million is 3_000_000). */
export interface Rates {
  readonly inputPerMillion: MicroUsd;
  readonly outputPerMillion: MicroUsd;
  /** Absent: like other input. */
  readonly cacheReadPerMillion?: MicroUsd;
  readonly cacheWritePerMillion?: MicroUsd;
}

/** How urgent a call is. Batch and flex are cheaper and may wait; priority is dearer and does not. */
export type ServiceTier = "standard" | "batch" | "flex" | "priority";

/** Rates for some calls of a model. */
export interface PriceTier extends Rates {
  /** Default: standard. */
  readonly service?: ServiceTier;
  /** Only for calls whose whole prompt, cached or not, has more tokens than this; then for all their tokens. */
  readonly aboveInputTokens?: number;
}

/** What a model costs: standard rates, and others for long prompts or other services. */
export interface Price extends Rates {
  readonly tiers?: readonly PriceTier[];
}

/** Which call is paid for. */
export interface CallSize {
  /** Tokens of the whole prompt. */
  readonly inputTokens: number;
  /** Default: standard. */
  readonly service?: ServiceTier;
}

const million = 1_000_000n;

/**
 * The rates that a call pays: those of its service with the highest threshold that its prompt is above.
 * Undefined when the price says nothing about the service: nobody knows what such a call costs.
 */
export function ratesOf(price: Price, { inputTokens, service = "standard" }: CallSize): Rates | undefined {
  const { tiers } = price;
  if (tiers === undefined) return service === "standard" ? price : undefined;
  let best: PriceTier | undefined = service === "standard" ? { ...price, aboveInputTokens: -1 } : undefined;
  for (const tier of tiers) {
    const above = tier.aboveInputTokens ?? -1;
    const applies = (tier.service ?? "standard") === service && inputTokens > above;
    if (applies && above >= (best?.aboveInputTokens ?? -1)) best = tier;
  }
  return best;
}

/**
 * Computes the cost of one call, rounded up to the next micro-USD. A price with tiers needs the usage of a
 * single call, not a sum. Undefined when the price does not tell what the service costs.
 */
export function costOf(usage: Usage, price: Price): MicroUsd;
export function costOf(usage: Usage, price: Price, service: ServiceTier | undefined): MicroUsd | undefined;
export function costOf(usage: Usage, price: Price, service?: ServiceTier): MicroUsd | undefined {
  const { inputTokens } = usage;
  const rates = ratesOf(price, service === undefined ? { inputTokens } : { inputTokens, service });
  return rates === undefined ? undefined : costAt(usage, rates);
}

function costAt(usage: Usage, rates: Rates): MicroUsd {
  const { cacheReadTokens, cacheWriteTokens, outputTokens } = usage;
  // Some count the cached tokens beside the others: a cost is never negative all the same.
  const uncached = Math.max(0, usage.inputTokens - cacheReadTokens - cacheWriteTokens);
  const { inputPerMillion, outputPerMillion } = rates;
  const { cacheReadPerMillion = inputPerMillion, cacheWritePerMillion = inputPerMillion } = rates;
  const total =
    uncached * inputPerMillion +
    cacheReadTokens * cacheReadPerMillion +
    cacheWriteTokens * cacheWritePerMillion +
    outputTokens * outputPerMillion;
  // Up to here whole numbers are exact, and so is what they are made of: nearly every call.
  if (Number.isInteger(total) && total <= Number.MAX_SAFE_INTEGER - 999_999) {
    const above = total + 999_999;
    return (above - (above % 1_000_000)) / 1_000_000;
  }
  const exact =
    BigInt(uncached) * BigInt(inputPerMillion) +
    BigInt(cacheReadTokens) * BigInt(cacheReadPerMillion) +
    BigInt(cacheWriteTokens) * BigInt(cacheWritePerMillion) +
    BigInt(outputTokens) * BigInt(outputPerMillion);
  return Number((exact + million - 1n) / million);
}

/** Writes micro-USD for people, for example `$0.0123`. */
export function formatUsd(amount: MicroUsd): string {
  const digits = amount !== 0 && Math.abs(amount) < 10_000 ? 6 : 4;
  return `$${(amount / 1_000_000).toFixed(digits)}`;
}
