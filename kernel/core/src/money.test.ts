import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { costOf, formatUsd, type Price } from "./money.ts";
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
