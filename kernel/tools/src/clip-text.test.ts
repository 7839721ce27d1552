import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { clipText } from "./clip-text.ts";

describe("clipText", () => {
  it("keeps a beginning and an end within the limit, well formed, and counts what it left out", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "\n", "漢", "😀", "\r\n"), maxLength: 600 }),
      fc.string({ unit: fc.constantFrom("a", "😀"), maxLength: 600 }),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 500 }), (whole, limit) => {
        const { head, tail, omitted } = clipText(whole, limit);
        expect(whole.startsWith(head)).toBe(true);
        expect(whole.endsWith(tail)).toBe(true);
        expect(head.length + tail.length).toBeLessThanOrEqual(Math.max(limit, 0));
        expect(head.length + omitted + tail.length).toBe(whole.length);
        expect(head.isWellFormed() && tail.isWellFormed()).toBe(true);
        expect(omitted === 0).toBe(whole.length <= limit);
      }),
    );
  });

  it("gives the end more than the beginning, and cuts at lines", () => {
    const whole = Array.from({ length: 1000 }, (_, index) => `line ${index}`).join("\n");
    const { head, tail } = clipText(whole, 1000);
    expect(tail.length).toBeGreaterThan(head.length);
    expect(head).toMatch(/^line 0\n[^]*line \d+\n$/);
    expect(tail).toMatch(/^line \d+\n[^]*line 999$/);
  });
});
