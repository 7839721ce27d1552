import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { assertTenant, uuidv7 } from "./id.ts";

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The milliseconds that an id carries. */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

describe("uuidv7()", () => {
  test("has the form of RFC 9562, version 7, for any time", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (now) => {
        expect(uuidv7(now)).toMatch(shape);
      }),
    );
  });

  test("is strictly increasing, also when the clock stands still or goes back", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 2 }), (times) => {
        const ids = times.map((now) => uuidv7(now));

        expect(ids.toSorted()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test("stays increasing when more than 4,096 ids are made in one millisecond", () => {
    const now = 2 ** 47 + 1;

    const ids = Array.from({ length: 20_000 }, () => uuidv7(now));

    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(timeOf(ids.at(-1) ?? "")).toBeGreaterThan(now);
  });

  test("carries the time it was made", () => {
    const later = 2 ** 47 + 1_000_000;

    expect(timeOf(uuidv7(later))).toBe(later);
  });
});

describe("assertTenant()", () => {
  test.each(["a", "acme", "acme-2", "a_b", "0", "a".repeat(64)])("accepts %j", (tenant) => {
    expect(() => assertTenant(tenant)).not.toThrow();
  });

  test.each(["", "A", "../etc", "a/b", "-a", "a-", "a b", "ä", "a".repeat(65), "a\n", ".", "a.b"])(
    "rejects %j and says which characters are allowed",
    (tenant) => {
      expect(() => assertTenant(tenant)).toThrow(
        expect.objectContaining({
          code: "context.invalid_tenant",
          message: expect.stringContaining("a-z, 0-9"),
        }),
      );
    },
  );

  test("does not repeat an endless name in its message", () => {
    expect(() => assertTenant("x".repeat(100_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,300}$/s) }),
    );
  });
});
