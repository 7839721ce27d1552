import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { areFresh } from "./are-fresh.ts";
import { findText } from "./find-text.ts";
import { lineFingerprints, linesOf } from "./text-file.ts";

/** The same by trying every line for every place. */
function areFreshSlowly(before: string, now: string, wanted: string): boolean {
  const [seen, lines] = [linesOf(before), linesOf(now)];
  return findText(now, wanted).ranges.every(({ start, end }) => {
    const lineOf = (position: number): number => now.slice(0, position).split("\n").length;
    const first = Math.max(1, lineOf(start) - 3);
    const window = lines.slice(first - 1, Math.min(lines.length, lineOf(Math.max(start, end - 1)) + 3));
    const places = seen.filter((_, index) => window.every((line, offset) => line === seen[index + offset]));
    return places.length === 1;
  });
}

function areFreshNow(before: string, now: string, wanted: string): boolean {
  return areFresh(now, findText(now, wanted).ranges, {
    seen: lineFingerprints(before),
    now: lineFingerprints(now),
  });
}

describe("areFresh()", () => {
  test("says what trying every line says", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 14 })
      .map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom("a", "b", "a\nb"),
        fc.boolean(),
        (before, other, wanted, same) => {
          const now = same ? before : other;
          expect(areFreshNow(before, now, wanted)).toBe(areFreshSlowly(before, now, wanted));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("looks at a long file once, however many places there are", () => {
    const text = Array.from(
      { length: 400_000 },
      (_, index) => `line ${index}${index % 50 === 10 ? " here" : ""}`,
    );
    const now = text.join("\n");

    expect(areFreshNow(now, `changed\n${now}`, " here")).toBe(true);
  }, 20_000);
});
