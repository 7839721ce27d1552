import { expect, test } from "vitest";

import { FewSet } from "./few-set.ts";

test("FewSet is a set, whatever it has", () => {
  const set = new FewSet<string>();

  expect([set.size, set.values(), set.has("a"), set.delete("a")]).toEqual([0, [], false, false]);

  set.add("a").add("a");

  expect([set.size, set.values(), set.has("a"), set.has("b")]).toEqual([1, ["a"], true, false]);
  expect([set.delete("b"), set.size]).toEqual([false, 1]);

  set.add("b").add("a").add("c");

  expect([set.size, set.values(), set.delete("d")]).toEqual([3, ["a", "b", "c"], false]);
  expect([set.has("b"), set.has("d")]).toEqual([true, false]);
  expect([set.delete("b"), set.delete("b"), set.values()]).toEqual([true, false, ["a", "c"]]);
  expect([set.delete("a"), set.delete("c"), set.size, set.add("e").values()]).toEqual([true, true, 0, ["e"]]);
});

test("FewSet tells of every item but those that are deleted meanwhile", () => {
  const set = new FewSet<string>().add("a");
  const told: string[] = [];
  set.forEach((item) => told.push(item));
  set.add("b").add("c");
  set.forEach((item) => {
    told.push(item);
    set.delete("b");
  });

  expect(told).toEqual(["a", "a", "c"]);
});
