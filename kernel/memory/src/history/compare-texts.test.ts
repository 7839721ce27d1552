import { describe, expect, test } from "vitest";

import { blameMemory, diffMemory } from "./compare-texts.ts";

/** Two texts whose shortest difference is hard to find. */
const before = "\n".repeat(100_000);
const after = Array.from({ length: 100_000 }, (_, index) => (index % 2 === 0 ? "" : `${index}`)).join("\n");

describe("texts that were made to be hard to compare", () => {
  test("are shown whole", () => {
    const shown = diffMemory("memory/files/a.md", before, after);

    expect(shown).toContain("\n+99999");
    expect(shown.split("\n").filter((line) => line.startsWith("-"))).toHaveLength(100_001);
  });

  test("are blamed on the version that brought them", () => {
    const blamed = blameMemory([
      { version: 1, text: before },
      { version: 2, text: after },
    ]);

    expect(blamed).toHaveLength(100_000);
    expect(new Set(blamed.map(({ version }) => version))).toEqual(new Set([2]));
  });
});
