import { expect, test } from "vitest";

import { findFileCycles, findPackageCycles } from "./checks/cycles.ts";
import { findExecutors } from "./checks/executors.ts";
import { findLayerViolations } from "./checks/layers.ts";
import { readWorkspace } from "./checks/workspace.ts";

const workspace = readWorkspace(`${import.meta.dirname}/..`);

test("packages use only what is below them", () => {
  expect(findLayerViolations(workspace)).toEqual([]);
});

test("no packages depend on each other in a circle", () => {
  expect(findPackageCycles(workspace)).toEqual([]);
});

test("no files import each other in a circle", () => {
  expect(findFileCycles(workspace)).toEqual([]);
});

test("no tool is run beside those who decide first", () => {
  expect(findExecutors(workspace)).toEqual([]);
});

test("core depends on nothing", () => {
  const core = workspace.packages.find(({ name }) => name === "@tau/core");

  expect(core?.manifest.dependencies ?? {}).toEqual({});
});
