import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const manifest = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json");
const suite = join(dirname(manifest), "dist/index.js");

/** What each revision asks of a server, as the suite froze it when the revision was released. */
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
  const scenarios = await serverScenarios(revision);

  describe(`a server of revision ${revision}`, () => {
    test("is asked for every required scenario", () => {
      expect(scenarios).toHaveLength(count);
    });

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
  const args = ["server", "--url", url, "--scenario", scenario, "--spec-version", revision];
  try {
    const { stdout, stderr } = await run(process.execPath, [suite, ...args, "--output-dir", folder], {
      env: plainEnvironment(),
    });
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

async function serverScenarios(revision: string): Promise<readonly string[]> {
  const text = await readFile(join(dirname(manifest), `requirements/${revision}.yaml`), "utf8");
  const [, section = ""] = /^server:\n((?:[ #].*\n|\n)*)/mu.exec(text) ?? [];
  return [...section.matchAll(/^ +- (\S+)$/gmu)].map(([, name = ""]) => name);
}
