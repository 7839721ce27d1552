import { describe, expect, test } from "vitest";

import { withinTime } from "./within-time.ts";

const endless = (): boolean => /^(a+)+$/.test(`${"a".repeat(60)}b`);

describe("withinTime()", () => {
  test("answers what the work answers", () => {
    expect(withinTime(10_000, () => 1 + 1)).toEqual({ isDone: true, value: 2 });
  });

  test("lets errors of the work through", () => {
    expect(() => withinTime(10_000, () => "a".repeat(-1 * [1].length))).toThrow(RangeError);
  });

  test("stops an expression that would backtrack for years, and works again after it", () => {
    expect(withinTime(20, endless)).toEqual({ isDone: false });
    expect(withinTime(10_000, () => "ok")).toEqual({ isDone: true, value: "ok" });
  });

  test("bounds work inside of work by itself, and goes on with the outer one", () => {
    const outer = withinTime(10_000, () => [withinTime(20, endless), withinTime(10_000, () => 1)]);

    expect(outer).toEqual({ isDone: true, value: [{ isDone: false }, { isDone: true, value: 1 }] });
  });
});
