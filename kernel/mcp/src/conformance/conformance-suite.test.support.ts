import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { onTestFinished } from "vitest";

const run = promisify(execFile);
const manifest = createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json");
const suite = join(dirname(manifest), "dist/index.js");

/** The scenarios that the suite asks of a side, as it froze them when the revision was released. */
export async function scenariosOf(side: "client" | "server", revision: string): Promise<readonly string[]> {
  const text = await readFile(join(dirname(manifest), `requirements/${revision}.yaml`), "utf8");
  const [, section = ""] = new RegExp(`^${side}:\\n((?:[ #].*\\n|\\n)*)`, "mu").exec(text) ?? [];
  return [...section.matchAll(/^ +- (\S+)$/gmu)].map(([, name = ""]) => name);
}

/** The scenarios of the extension for tasks, which are no requirement of any revision. */
export const taskScenarios: readonly string[] = [
  "tasks-lifecycle",
  "tasks-capability-negotiation",
  "tasks-wire-fields",
  "tasks-request-state-removal",
  "tasks-mrtr-input",
  "tasks-request-headers",
  "tasks-dispatch-and-envelope",
  "tasks-status-notifications",
  "tasks-required-task-error",
  "tasks-mrtr-composition",
];

/** What the suite says when nothing failed. */
export const passed: RegExp = /Passed: (\d+)\/\1, 0 failed/u;

/** What the suite said of a scenario. */
export interface SuiteRun {
  readonly output: string;
  /** All of the output when the suite failed. */
  readonly complaint: string;
}

/** Runs a scenario of the suite with its own words, such as `["client", "--command", …]`. */
export async function runSuite(words: readonly string[]): Promise<SuiteRun> {
  const folder = await mkdtemp(join(tmpdir(), "tau-mcp-conformance-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  try {
    const args = [suite, ...words, "--output-dir", folder];
    const { stdout, stderr } = await run(process.execPath, args, { env: plainEnvironment() });
    return { output: stdout + stderr, complaint: "" };
  } catch (failure) {
    const { stdout, stderr }: { stdout?: string; stderr?: string } = Object(failure);
    return { output: "", complaint: `${stdout ?? ""}${stderr ?? String(failure)}` };
  }
}

/** The runner of these tests puts options of its own into the environment, which children must not get. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return { ...env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" };
}
