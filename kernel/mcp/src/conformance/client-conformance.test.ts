import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { passed, runSuite, scenariosOf } from "./conformance-suite.test.support.ts";

const client = `${process.execPath} --conditions=@tau/source ${join(import.meta.dirname, "conformance-client.test.support.ts")}`;

/** How much each revision asks of a client. */
const required = { "2025-11-25": 18, "2026-07-28": 32 } as const;

for (const [revision, count] of Object.entries(required)) {
  const scenarios = await scenariosOf("client", revision);

  describe(`a client of revision ${revision}`, () => {
    test("is asked for every required scenario", () => {
      expect(scenarios).toHaveLength(count);
    });

    // One after the other: each has a server and a client of its own, and some measure how soon a client comes back.
    test.each(scenarios)("passes %s", async (scenario) => {
      const words = ["client", "--command", client, "--scenario", scenario, "--spec-version", revision];
      const { complaint, output } = await runSuite([...words, "--timeout", "110000"]);

      expect(complaint).toBe("");
      expect(output).toMatch(passed);
    });
  });
}
