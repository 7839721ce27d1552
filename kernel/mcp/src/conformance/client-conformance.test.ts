import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const manifest = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json");
const suite = join(dirname(manifest), "dist/index.js");
const client = `${process.execPath} --conditions=@tau/source ${join(import.meta.dirname, "conformance-client.test.support.ts")}`;

/** What each revision asks of a client, as the suite froze it when the revision was released. */
const required = { "2025-11-25": 18, "2026-07-28": 32 } as const;

for (const [revision, count] of Object.entries(required)) {
  const scenarios = await clientScenarios(revision);

  describe(`a client of revision ${revision}`, () => {
    test("is asked for every required scenario", () => {
      expect(scenarios).toHaveLength(count);
    });

    // One after the other: each has a server and a client of its own, and some measure how soon a client comes back.
    test.each(scenarios)("passes %s", async (scenario) => {
      const folder = await mkdtemp(join(tmpdir(), "tau-mcp-conformance-"));
      onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
      const { failure, output } = await runScenario(scenario, revision, folder);

      expect(failure === undefined ? "" : output).toBe("");
      expect(output).toMatch(/Passed: (\d+)\/\1, 0 failed/u);
    });
  });
}

interface Outcome {
  readonly failure: unknown;
  readonly output: string;
}

async function runScenario(scenario: string, revision: string, folder: string): Promise<Outcome> {
  const args = ["client", "--command", client, "--scenario", scenario, "--spec-version", revision];
  const options = [...args, "--timeout", "110000", "--output-dir", folder];
  try {
    const { stdout, stderr } = await run(process.execPath, [suite, ...options], { env: plainEnvironment() });
    return { failure: undefined, output: stdout + stderr };
  } catch (failure) {
    const { stdout = "", stderr = "" }: { stdout?: string; stderr?: string } = Object(failure);
    return { failure, output: stdout + stderr };
  }
}

/** The runner of these tests puts options of its own into the environment, which children must not get. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return { ...env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
}

async function clientScenarios(revision: string): Promise<readonly string[]> {
  const text = await readFile(join(dirname(manifest), `requirements/${revision}.yaml`), "utf8");
  const [, section = ""] = /^client:\n((?:[ #].*\n|\n)*)/mu.exec(text) ?? [];
  return [...section.matchAll(/^ +- (\S+)$/gmu)].map(([, name = ""]) => name);
}
