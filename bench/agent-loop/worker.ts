/**
 * Holds one rung open in a process of its own. For every line of input, a number of runs, it makes them and prints
 * what they cost, as JSON: `node worker.ts <rung file> <base url> <concurrency>`.
 */
import { createInterface } from "node:readline";

import { tuneCollector, tuneCompiler } from "@tau/runtime";

import { quantile } from "../lib/statistics.ts";
import { runAll } from "./run-all.ts";
import type { OpenRung, Rung } from "./rung.ts";

/** What some runs in a row cost. */
export interface LoopWindow {
  readonly cpuMsPerRun: number;
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
}

const [file = "", baseUrl = "", width = "1"] = process.argv.slice(2);
const concurrency = Number(width);

async function measureWindow(rung: Rung, runs: number): Promise<LoopWindow> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const took = await runAll(rung, runs, concurrency);
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpuMsPerRun: (user + system) / 1_000 / runs,
    runsPerSecond: runs / (wallMs / 1_000),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    rssMb: process.memoryUsage.rss() / 2 ** 20,
  };
}

// As `tau serve` does; every rung is measured so.
tuneCollector();
tuneCompiler();
const { openRung }: { openRung: OpenRung } = await import(file);
{
  await using rung = await openRung({ baseUrl, concurrency });
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await measureWindow(rung, Number(line)))}\n`);
  }
}
// Libraries may hold on to what keeps a process alive.
process.exit(0);
