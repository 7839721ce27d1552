import { expect, test } from "vitest";

import { fuzzPolicies } from "./fuzz.ts";
import { fuzzShell } from "./fuzz-shell.ts";

test("the engine allows nothing that the oracle forbids, and not much less than it would allow", () => {
  const { wrong, allowed, stricter, inputs } = fuzzPolicies(20_000, 42);

  expect(wrong).toEqual([]);
  expect(allowed).toBeGreaterThan(inputs / 5);
  expect(stricter).toBeLessThan(inputs / 10);
});

test("bash runs nothing of an allowed script that the policy did not mean", () => {
  const { wrong, ran } = fuzzShell(3_000, 42);

  expect(wrong).toEqual([]);
  expect(ran).toBeGreaterThan(50);
});
