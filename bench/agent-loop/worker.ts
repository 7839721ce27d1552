/**
 * Runs one rung in a process of its own and prints what it cost, as JSON:
 * `node worker.ts <rung file> <base url> <concurrency> <runs>`.
 */
import { quantile } from "../lib/statistics.ts";
import type { OpenRung } from "./rung.ts";

/** What a rung cost. */
export interface LoopSample {
  readonly cpuMsPerRun: number;
  readonly runsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
}

const [file = "", baseUrl = "", concurrency = "1", runs = "1"] = process.argv.slice(2);
const { openRung }: { openRung: OpenRung } = await import(file);

/** Runs `total` runs, `width` at a time; answers how long each took, in ms. */
async function runAll(run: () => Promise<string>, total: number, width: number): Promise<number[]> {
  const took: number[] = [];
  let left = total;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now();
      const text = await run();
      if (!text.endsWith("word19 "))
        throw new Error(`A run ended with ${JSON.stringify(text.slice(0, 80))}.`);
      took.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return took;
}

await using rung = await openRung({ baseUrl, concurrency: Number(concurrency) });
await runAll(
  () => rung.run(),
  Math.max(Number(concurrency), Math.ceil(Number(runs) / 5)),
  Number(concurrency),
);
const cpu = process.cpuUsage();
const start = performance.now();
const took = await runAll(() => rung.run(), Number(runs), Number(concurrency));
const wallMs = performance.now() - start;
const used = process.cpuUsage(cpu);
const sample: LoopSample = {
  cpuMsPerRun: (used.user + used.system) / 1_000 / Number(runs),
  runsPerSecond: Number(runs) / (wallMs / 1_000),
  p50Ms: quantile(took, 0.5),
  p99Ms: quantile(took, 0.99),
  rssMb: process.memoryUsage.rss() / 2 ** 20,
};
process.stdout.write(`${JSON.stringify(sample)}\n`);
