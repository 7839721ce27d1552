import { expect, test } from "vitest";

import { createLandlockDriver } from "./landlock/landlock-driver.ts";
import type { ProbeResult } from "./probe.ts";
import { testOnce } from "./test-once.ts";

function counted(outcomes: readonly ProbeResult["outcome"][]) {
  const left = [...outcomes];
  let runs = 0;
  return {
    runs: () => runs,
    run: async (): Promise<readonly ProbeResult[]> => {
      runs += 1;
      const outcome = left.shift();
      if (outcome === undefined) throw new Error("It could not be tried.");
      return [{ name: "probe", detail: "", outcome }];
    },
  };
}

test("testOnce() tries a kind once, for everybody who waits, and another kind by itself", async () => {
  const { run, runs } = counted(["held", "held"]);
  await Promise.all([testOnce(["a", 1], run), testOnce(["a", 1], run)]);
  expect(await testOnce(["a", 1], run)).toMatchObject([{ outcome: "held" }]);
  expect(runs()).toBe(1);
  await testOnce(["a", 2], run);
  expect(runs()).toBe(2);
});

test("testOnce() tries again what got out and what could not be tried", async () => {
  const { run, runs } = counted(["escaped"]);
  expect(await testOnce(["b"], run)).toMatchObject([{ outcome: "escaped" }]);
  await expect(testOnce(["b"], run)).rejects.toThrow("could not be tried");
  await expect(testOnce(["b"], run)).rejects.toThrow("could not be tried");
  expect(runs()).toBe(3);
});

test("a Landlock driver is tested once for a profile, not at every opening", async () => {
  const profile = { access: "read-only", workspace: "/", network: false } as const;
  const { signal } = new AbortController();
  const report = await createLandlockDriver().probe(profile, signal);
  let isTried = false;
  const results = await testOnce(["landlock", "read-only", false, undefined], async () => {
    isTried = true;
    return [];
  });
  expect(report).toMatchObject({ usable: true });
  expect([isTried, results.length > 0]).toEqual([false, true]);
});
