import { expect, test } from "vitest";

import { FewMap } from "./few-map.ts";

test("FewMap is a map, whatever it has", () => {
  const map = new FewMap<string, number>();
  const shown = (): unknown => [
    map.size,
    map.get("a"),
    map.get("b"),
    map.has("a"),
    map.has("b"),
    map.first(),
  ];

  expect(shown()).toEqual([0, undefined, undefined, false, false, undefined]);
  expect(map.delete("a")).toBe(false);
  map.set("a", 0).set("a", 1);
  expect(shown()).toEqual([1, 1, undefined, true, false, 1]);
  expect([map.delete("b"), map.delete("a"), map.delete("a")]).toEqual([false, true, false]);
  expect(shown()).toEqual([0, undefined, undefined, false, false, undefined]);
  map.set("b", 2).set("a", 1).set("b", 3);
  expect(shown()).toEqual([2, 1, 3, true, true, 3]);
  expect([map.delete("c"), map.delete("b"), map.delete("b")]).toEqual([false, true, false]);
  expect(shown()).toEqual([1, 1, undefined, true, false, 1]);
});
