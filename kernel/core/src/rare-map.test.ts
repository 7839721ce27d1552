import { expect, test } from "vitest";

import { RareMap } from "./rare-map.ts";

test("RareMap is empty at first, and then a map like any other", () => {
  const map = new RareMap<string, number>();

  expect([map.size, map.get("a"), map.has("a"), map.delete("a")]).toEqual([0, undefined, false, false]);
  expect([map.values(), map.entries()]).toEqual([[], []]);

  map.clear();
  map.set("a", 1).set("b", 2).set("a", 3);

  expect([map.size, map.get("a"), map.has("b"), map.values()]).toEqual([2, 3, true, [3, 2]]);
  expect(map.entries()).toEqual([
    ["a", 3],
    ["b", 2],
  ]);
  expect([map.delete("a"), map.size, map.get("a")]).toEqual([true, 1, undefined]);

  map.clear();

  expect(map.size).toBe(0);
});
