import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { findMissingOptionals, type LockPackages } from "./checks/lockfile.ts";

const lock: { readonly packages: LockPackages } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8"),
);

test("the lockfile is complete for every platform; `node scripts/complete-lockfile.ts` completes it", () => {
  expect(findMissingOptionals(lock.packages)).toEqual([]);
});

test("the lockfile records no download addresses", () => {
  const recorded = Object.entries(lock.packages).filter(
    ([, { resolved, link }]) => resolved !== undefined && !link,
  );

  expect(recorded.map(([path]) => path)).toEqual([]);
});

test("a missing platform and one of another version are found", () => {
  const packages = {
    "node_modules/tool": {
      optionalDependencies: { "tool-a": "1.0.0", "tool-b": "1.0.0", "tool-c": "1.0.0" },
    },
    "node_modules/tool-a": { version: "1.0.0" },
    "node_modules/tool-b": { version: "2.0.0" },
  };

  expect(findMissingOptionals(packages).map(({ path }) => path)).toEqual([
    "node_modules/tool/node_modules/tool-b",
    "node_modules/tool-c",
  ]);
});
