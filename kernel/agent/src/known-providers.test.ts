import { expect, test } from "vitest";

import * as agent from "./index.ts";
import { knownProviders } from "./known-providers.ts";

test("knownProviders name adapters that exist, one row for each provider", () => {
  const ids = knownProviders.map(({ id }) => id);
  const adapters = new Set(knownProviders.flatMap((provider) => provider.adapters));

  expect(new Set(ids).size).toBe(ids.length);
  expect([...adapters].filter((name) => typeof Object(agent)[name] !== "function")).toEqual([]);
  expect(knownProviders.every((provider) => provider.adapters.length > 0)).toBe(true);
});
