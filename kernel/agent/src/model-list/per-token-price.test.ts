import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { perMillionOf } from "./per-token-price.ts";

describe("perMillionOf()", () => {
  test.each([
    ["0.000003", 3_000_000],
    ["0.00000125", 1_250_000],
    ["0.0000000208333333333333", 20_834],
    ["0", 0],
    [0, 0],
    [1e-7, 100_000],
    ["2", 2_000_000_000_000],
  ])("%j dollars a token are %i", (dollars, amount) => {
    expect(perMillionOf(dollars)).toBe(amount);
  });

  test.each([["-1"], [-1], [""], ["free"], ["1e-7"], [null], [undefined], [{}], ["0.".padEnd(40, "1")]])(
    "makes nothing of %j",
    (dollars) => {
      expect(perMillionOf(dollars)).toBeUndefined();
    },
  );

  test("is exact for every price that a list can hold", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000_000 }), (microUsd) => {
        const dollars = `0.${String(microUsd).padStart(12, "0")}`;

        expect(perMillionOf(dollars)).toBe(microUsd);
      }),
    );
  });
});
