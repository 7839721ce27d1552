import { expect, test } from "vitest";

import { closureOf } from "./checks/weight.ts";
import { readWorkspace } from "./checks/workspace.ts";

const closure = closureOf(readWorkspace(`${import.meta.dirname}/..`), ["@tau/runtime", "@tau/agent"]);

test("the runtime with its model adapters installs at most 12 packages", () => {
  expect(closure.map(({ name }) => name).length).toBeLessThanOrEqual(12);
});

test("the runtime with its model adapters takes at most 8 MB", () => {
  const bytes = closure.reduce((sum, one) => sum + one.bytes, 0);

  expect(bytes).toBeLessThanOrEqual(8_000_000);
});

test("installing the runtime runs no scripts", () => {
  expect(closure.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([]);
});
