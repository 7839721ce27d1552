/**
 * Holds one rung open in a process of its own. For every line of input, a number of questions, it asks them one after
 * another and prints how long their first tokens took, as JSON: `node first-token-worker.ts <rung file> <base url>`.
 */
import { createInterface } from "node:readline";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";

import { tuneCollector, tuneCompiler } from "@tau/runtime";

import { cpuMsOf, quantile } from "../lib/statistics.ts";
import type { OpenRung, Rung } from "./rung.ts";

/** What some questions in a row took. */
export interface FirstTokens {
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** The first question of all. */
  readonly firstMs: number;
  readonly cpuMicros: number;
}

const [file = "", baseUrl = ""] = process.argv.slice(2);

async function firstTokenMs(rung: Rung): Promise<number> {
  const ask = await rung.prepare("short");
  // No question comes in the moment in which the answer before it ended.
  await turnOfTheLoop();
  const start = performance.now();
  let first = Number.NaN;
  await ask({ onTokens: () => (first = Number.isNaN(first) ? performance.now() - start : first) });
  return first;
}

async function measure(rung: Rung, questions: number): Promise<FirstTokens> {
  const took: number[] = [];
  const cpuMs = await cpuMsOf(async () => {
    for (let asked = 0; asked < questions; asked++) took.push(await firstTokenMs(rung));
  });
  const [firstMs = Number.NaN] = took;
  return {
    p50Ms: quantile(took, 0.5),
    p90Ms: quantile(took, 0.9),
    firstMs,
    cpuMicros: (cpuMs * 1_000) / questions,
  };
}

// As `tau serve` does; every rung is measured so.
tuneCollector();
tuneCompiler();
const { openRung }: { openRung: OpenRung } = await import(file);
{
  await using rung = await openRung(baseUrl);
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await measure(rung, Number(line)))}\n`);
  }
}
process.exit(0);
