import { spawn } from "node:child_process";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  passed,
  plainEnvironment,
  runSuite,
  scenariosOf,
  taskScenarios,
} from "./conformance-suite.test.support.ts";

/** How much each revision asks of a server. */
const required = { "2025-11-25": 30, "2026-07-28": 37 } as const;

const server = spawn(
  process.execPath,
  ["--conditions=@tau/source", join(import.meta.dirname, "conformance-server.test.support.ts")],
  { env: plainEnvironment(), stdio: ["pipe", "pipe", "inherit"] },
);
let url = "";

beforeAll(async () => {
  url = await new Promise<string>((resolve, reject) => {
    server.stdout.setEncoding("utf8").once("data", (line: string) => resolve(line.trim()));
    server.once("exit", () => reject(new Error("The server did not start.")));
  });
});
afterAll(() => void server.stdin.end());

for (const [revision, count] of Object.entries(required)) {
  const scenarios = await scenariosOf("server", revision);

  describe(`a server of revision ${revision}`, () => {
    test("is asked for every required scenario", () => {
      expect(scenarios).toHaveLength(count);
    });

    test.each(scenarios)("passes %s", async (scenario) => {
      const words = ["server", "--url", url, "--scenario", scenario, "--spec-version", revision];
      const { complaint, output } = await runSuite(words);

      expect(complaint).toBe("");
      expect(output).toMatch(passed);
    });
  });
}

describe("a server with the extension for tasks", () => {
  test.each(taskScenarios)("passes %s", async (scenario) => {
    const words = ["server", "--url", url, "--scenario", scenario, "--spec-version", "2026-07-28", "--force"];
    const { complaint, output } = await runSuite(words);

    expect(complaint).toBe("");
    expect(output).toMatch(passed);
  });
});
