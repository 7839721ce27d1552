import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { addUsage, noUsage, type Usage } from "./usage.ts";

const usages: fc.Arbitrary<Usage> = fc.record({
  inputTokens: fc.nat(),
  outputTokens: fc.nat(),
  cacheReadTokens: fc.nat(),
  cacheWriteTokens: fc.nat(),
  reasoningTokens: fc.nat(),
});

describe("addUsage()", () => {
  test("adds every field", () => {
    const one: Usage = {
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 3,
      cacheWriteTokens: 4,
      reasoningTokens: 5,
    };

    expect(addUsage(one, one)).toEqual({
      inputTokens: 2,
      outputTokens: 4,
      cacheReadTokens: 6,
      cacheWriteTokens: 8,
      reasoningTokens: 10,
    });
  });

  test("does not depend on the order, and noUsage changes nothing", () => {
    fc.assert(
      fc.property(usages, usages, usages, (a, b, c) => {
        expect(addUsage(addUsage(a, b), c)).toEqual(addUsage(addUsage(c, b), a));
        expect(addUsage(a, noUsage)).toEqual(a);
      }),
    );
  });
});
