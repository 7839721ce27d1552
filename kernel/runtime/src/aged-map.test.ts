import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";

import { expect, test } from "vitest";

import { AgedMap } from "./aged-map.ts";

test("AgedMap gives the entry that was set longest ago", () => {
  const map = new AgedMap<string, number>();

  expect(map.takeOldest()).toBeUndefined();
  map.set("a", 1);
  map.set("b", 2);
  map.set("b", 3);
  map.set("c", 4);
  map.set("a", 5);
  map.delete("c");
  expect([map.size, map.get("a"), map.get("b"), map.get("c")]).toEqual([2, 5, 3, undefined]);
  expect(map.takeOldest()).toEqual(["b", 3]);
  map.set("b", 6);
  expect(map.takeOldest()).toEqual(["a", 5]);
  expect(map.takeOldest()).toEqual(["b", 6]);
  expect(map.takeOldest()).toBeUndefined();
  map.set("a", 7);
  expect([map.takeOldest(), map.takeOldest(), map.size]).toEqual([["a", 7], undefined, 0]);
});

test("AgedMap does so however often it grew, shrank and was changed between two takings", () => {
  const map = new AgedMap<number, number>();
  const model: [number, number][] = [];
  const leave = (key: number): void => {
    const place = model.findIndex(([one]) => one === key);
    if (place !== -1) model.splice(place, 1);
  };
  // The same numbers at every run, spread over the keys.
  let number = 1;
  for (let turn = 0; turn < 30_000; turn++) {
    number = (number * 48_271) % 2_147_483_647;
    const key = number % 500;
    const does = (number >> 9) % 8;
    const growing = Math.floor(turn / 3_000) % 2 === 0;
    if (does < (growing ? 5 : 2)) {
      leave(key);
      model.push([key, turn]);
      map.set(key, turn);
    } else if (does < 6) {
      expect(map.takeOldest()).toEqual(model.shift());
    } else {
      leave(key);
      map.delete(key);
    }
    expect(map.size).toBe(model.length);
  }
});

test.each([
  ["moved", (map: AgedMap<number, object>, key: number) => map.set(key, {})],
  ["deleted", (map: AgedMap<number, object>, key: number) => map.delete(key)],
])("AgedMap keeps nothing of what was %s after one was taken", async (_, leave) => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("There is no gc().");
  const kept = 50;
  const map = new AgedMap<number, object>();
  const values: WeakRef<object>[] = [];
  const fill = (): void => {
    for (let key = 0; key < kept; key++) {
      const value = { key };
      values.push(new WeakRef(value));
      map.set(key, value);
    }
  };
  map.set(-1, {});
  fill();
  map.takeOldest();

  for (let round = 0; round < 100; round++) {
    for (let key = 0; key < kept; key++) leave(map, key);
    if (round < 99) fill();
  }
  // A WeakRef is held until the turn that made it ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();

  const alive = values.filter((value) => value.deref() !== undefined).length;
  expect(alive).toBeLessThanOrEqual(kept);
});
