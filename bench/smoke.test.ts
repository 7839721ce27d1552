import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { startService } from "./lib/child.ts";
import { isMet } from "./lib/report.ts";
import { median, medianRatio, quantile } from "./lib/statistics.ts";

const run = promisify(execFile);

/** Runs a rung of the agent loop a few times, as the benchmark does; its numbers mean nothing here. */
async function runRung(name: string, baseUrl: string): Promise<unknown> {
  const [worker, rung] = ["agent-loop/worker.ts", `agent-loop/${name}.ts`].map(
    (file) => new URL(file, import.meta.url).pathname,
  );
  const args = ["--conditions=@tau/source", worker ?? "", rung ?? "", baseUrl, "2", "2"];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

test("the rungs of the agent loop still do the work that is measured", async () => {
  await using model = await startService(new URL("agent-loop/mock-model.ts", import.meta.url));

  const samples = await Promise.all(
    ["bare-undici", "tau-memory", "bare-durable", "tau-durable"].map((name) => runRung(name, model.baseUrl)),
  );

  for (const sample of samples) expect(sample).toHaveProperty("cpuMsPerRun", expect.any(Number));
});

test("a ratio is the median of the rounds' ratios, so that a slow round weighs on both sides", () => {
  expect(medianRatio([2, 40, 6], [1, 10, 2])).toBe(3);
  expect(median([3, 1, 2])).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
});

test("a goal is met at its limit, from the side it is on", () => {
  const goal = { what: "x", unit: "", limit: 10 };

  expect(isMet({ ...goal, measured: 10 })).toBe(true);
  expect(isMet({ ...goal, measured: 11 })).toBe(false);
  expect(isMet({ ...goal, measured: 9, atLeast: true })).toBe(false);
});
