import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { CallTable } from "./call-table.ts";

describe("CallTable", () => {
  test("answers as a map does, whatever comes and goes", () => {
    const key = fc.oneof(fc.constantFrom("a", "b", "aa", ""), fc.string(), fc.uuid());
    const step = fc.record({ act: fc.constantFrom("set", "delete", "get"), key, value: fc.integer() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new CallTable<number>();
        const map = new Map<string, number>();
        for (const { act, key: one, value } of steps) {
          if (act === "set") {
            table.set(one, value);
            map.set(one, value);
          } else if (act === "delete") expect(table.delete(one)).toBe(map.delete(one));
          expect(table.get(one)).toBe(map.get(one));
          expect(table.size).toBe(map.size);
        }
        for (const [one, value] of map) expect(table.get(one)).toBe(value);
      }),
    );
  });

  test("grows with what is in it", () => {
    const table = new CallTable<number>();
    const keys = Array.from({ length: 5_000 }, (_, index) => `call ${index}`);
    for (const [index, key] of keys.entries()) table.set(key, index);

    expect(keys.every((key, index) => table.get(key) === index)).toBe(true);
    expect(keys.every((key) => table.delete(key))).toBe(true);
    expect(table.size).toBe(0);
  });
});
