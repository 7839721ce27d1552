import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { costOf, formatUsd, ratesOf } from "./money.ts";
import type { Price, PriceTier, Rates } from "./money.ts";
import { noUsage, type Usage } from "./usage.ts";

const price: Price = {
  inputPerMillion: 3_000_000,
  outputPerMillion: 15_000_000,
  cacheReadPerMillion: 300_000,
  cacheWritePerMillion: 3_750_000,
};

const tokens = fc.nat({ max: 2_000_000 });
const usages: fc.Arbitrary<Usage> = fc
  .tuple(tokens, tokens, tokens, tokens)
  .map(([uncached, cacheReadTokens, cacheWriteTokens, outputTokens]) => ({
    inputTokens: uncached + cacheReadTokens + cacheWriteTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens: 0,
  }));

describe("costOf()", () => {
  test("adds uncached, cached and generated tokens, each at its own price", () => {
    const usage: Usage = {
      inputTokens: 1_000,
      outputTokens: 200,
      cacheReadTokens: 600,
      cacheWriteTokens: 100,
      reasoningTokens: 50,
    };

    // 300 × 3 + 600 × 0.3 + 100 × 3.75 + 200 × 15
    expect(costOf(usage, price)).toBe(900 + 180 + 375 + 3_000);
  });

  test("charges cached tokens like any other when the price does not tell them apart", () => {
    const usage: Usage = { ...noUsage, inputTokens: 1_000, cacheReadTokens: 900 };

    expect(costOf(usage, { inputPerMillion: 2_000_000, outputPerMillion: 0 })).toBe(2_000);
  });

  test("rounds up, so that no call is free that was not", () => {
    expect(costOf({ ...noUsage, inputTokens: 1 }, { inputPerMillion: 1, outputPerMillion: 0 })).toBe(1);
    expect(costOf(noUsage, price)).toBe(0);
  });

  test("is an integer at most one micro-USD above the exact amount", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        const uncached = usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens;
        const exact =
          BigInt(uncached) * 3_000_000n +
          BigInt(usage.cacheReadTokens) * 300_000n +
          BigInt(usage.cacheWriteTokens) * 3_750_000n +
          BigInt(usage.outputTokens) * 15_000_000n;

        const excess = BigInt(costOf(usage, price)) * 1_000_000n - exact;

        expect(excess).toBeGreaterThanOrEqual(0n);
        expect(excess).toBeLessThan(1_000_000n);
      }),
    );
  });

  test("is exact however many tokens there are", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (inputTokens, inputPerMillion) => {
        const exact = (BigInt(inputTokens) * BigInt(inputPerMillion) + 999_999n) / 1_000_000n;

        const cost = costOf({ ...noUsage, inputTokens }, { inputPerMillion, outputPerMillion: 0 });

        expect(cost).toBe(Number(exact));
      }),
    );
  });

  test("sums a million rows without losing a micro-USD", () => {
    let sum = 0;
    let exact = 0n;
    for (let row = 1; row <= 1_000_000; row++) {
      const cost = costOf({ ...noUsage, inputTokens: row % 977, outputTokens: row % 89 }, price);
      sum += cost;
      exact += BigInt((row % 977) * 3 + (row % 89) * 15);
    }

    expect(BigInt(sum)).toBe(exact);
  });
});

const tiered: Price = {
  ...price,
  tiers: [
    { inputPerMillion: 12_000_000, outputPerMillion: 45_000_000, aboveInputTokens: 1_000_000 },
    { inputPerMillion: 6_000_000, outputPerMillion: 22_500_000, aboveInputTokens: 200_000 },
    { inputPerMillion: 1_500_000, outputPerMillion: 7_500_000, service: "batch" },
    {
      inputPerMillion: 3_000_000,
      outputPerMillion: 11_250_000,
      service: "batch",
      aboveInputTokens: 200_000,
    },
  ],
};

describe("a price with tiers", () => {
  test("charges a long prompt, and only one above the threshold, at the rates for it", () => {
    expect(costOf({ ...noUsage, inputTokens: 200_000, outputTokens: 10 }, tiered)).toBe(600_000 + 150);
    expect(costOf({ ...noUsage, inputTokens: 200_001, outputTokens: 10 }, tiered)).toBe(1_200_006 + 225);
    expect(costOf({ ...noUsage, inputTokens: 1_000_001 }, tiered)).toBe(12_000_012);
  });

  test("counts cached tokens when it measures the prompt", () => {
    const usage: Usage = { ...noUsage, inputTokens: 200_001, cacheReadTokens: 200_001 };

    expect(costOf(usage, tiered)).toBe(1_200_006);
  });

  test("charges a service at its own rates, and says when nobody knows them", () => {
    const usage: Usage = { ...noUsage, inputTokens: 100, outputTokens: 10 };

    expect(costOf(usage, tiered, "batch")).toBe(150 + 75);
    expect(costOf({ ...usage, inputTokens: 300_000 }, tiered, "batch")).toBe(900_000 + 113);
    expect(costOf(usage, tiered, "standard")).toBe(costOf(usage, tiered));
    expect(costOf(usage, tiered, "priority")).toBeUndefined();
    expect(costOf(usage, price, "flex")).toBeUndefined();
  });

  const rates: fc.Arbitrary<Rates> = fc
    .tuple(fc.nat(100_000_000), fc.nat(100_000_000), fc.option(fc.nat(100_000_000)))
    .map(([inputPerMillion, outputPerMillion, cached]) => ({
      inputPerMillion,
      outputPerMillion,
      ...(cached === null ? {} : { cacheReadPerMillion: cached }),
    }));
  const services = fc.constantFrom(
    "standard" as const,
    "batch" as const,
    "flex" as const,
    "priority" as const,
  );
  const tiers: fc.Arbitrary<readonly PriceTier[]> = fc.uniqueArray(
    fc
      .tuple(rates, services, fc.nat(2_000_000))
      .map(([own, service, aboveInputTokens]) => ({ ...own, service, aboveInputTokens })),
    { selector: ({ service, aboveInputTokens }) => `${service} ${aboveInputTokens}`, maxLength: 8 },
  );

  test("costs what the one tier costs that fits best, in whatever order the tiers are", () => {
    fc.assert(
      fc.property(rates, tiers, services, usages, (standard, listed, service, usage) => {
        const [fitting] = listed
          .filter((tier) => tier.service === service && usage.inputTokens > (tier.aboveInputTokens ?? -1))
          .toSorted((a, b) => (b.aboveInputTokens ?? -1) - (a.aboveInputTokens ?? -1));
        const { inputPerMillion, outputPerMillion, cacheReadPerMillion } = fitting ?? standard;
        const flat: Price = {
          inputPerMillion,
          outputPerMillion,
          ...(cacheReadPerMillion === undefined ? {} : { cacheReadPerMillion }),
        };
        const known = fitting !== undefined || service === "standard";

        const cost = costOf(usage, { ...standard, tiers: listed }, service);

        expect(cost).toBe(known ? costOf(usage, flat) : undefined);
        expect(costOf(usage, { ...standard, tiers: listed.toReversed() }, service)).toBe(cost);
        expect(Number.isSafeInteger(cost ?? 0)).toBe(true);
      }),
    );
  });

  test("leaves a price without tiers as it was", () => {
    fc.assert(
      fc.property(usages, (usage) => {
        expect(costOf(usage, { ...price, tiers: [] })).toBe(costOf(usage, price));
        expect(ratesOf(price, usage)).toMatchObject(price);
      }),
    );
  });
});

describe("formatUsd()", () => {
  test.each([
    [0, "$0.0000"],
    [1, "$0.000001"],
    [12_300, "$0.0123"],
    [1_500_000, "$1.5000"],
    [-20, "$-0.000020"],
  ])("writes %i micro-USD as %s", (amount, text) => {
    expect(formatUsd(amount)).toBe(text);
  });
});
