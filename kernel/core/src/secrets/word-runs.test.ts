import fc from "fast-check";
import { expect, test } from "vitest";

import { hasRun, isOfWords, lastRunStart } from "./word-runs.ts";

const text = fc
  .array(fc.constantFrom("a", "bc", "-", "_", ".", " ", "é", "\n", "wordword", "0123456789"), {
    maxLength: 40,
  })
  .map((pieces) => pieces.join(""));

test("hasRun() finds what a regular expression finds", () => {
  fc.assert(
    fc.property(text, fc.nat(20), fc.integer({ min: 1, max: 20 }), (whole, from, length) => {
      const expected = new RegExp(`[A-Za-z0-9_.-]{${length}}`).test(whole.slice(from));

      expect(hasRun(whole, from, length)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test("lastRunStart() finds where the last token begins", () => {
  fc.assert(
    fc.property(text, (whole) => {
      expect(whole.slice(lastRunStart(whole, 0))).toBe(/[A-Za-z0-9_.-]*$/.exec(whole)?.[0]);
    }),
  );
  expect(lastRunStart("abc", 2)).toBe(2);
});

test("isOfWords() knows which character classes stay within tokens", () => {
  expect(isOfWords("A-Za-z0-9_-")).toBe(true);
  expect(isOfWords("A-Z.")).toBe(true);
  expect(isOfWords("A-Z ")).toBe(false);
  expect(isOfWords(String.raw`a\s`)).toBe(false);
});
