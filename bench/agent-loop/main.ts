/**
 * The agent loop: ten tool turns and an answer against a model on loopback, Tau beside bare rungs and, with
 * `--peers`, beside other libraries, which are then installed into a folder of their own. Every rung has a process,
 * which is warmed up until its runs no longer get cheaper; then the processes take turns, a window of runs each.
 *
 * `node --conditions=@tau/source bench/agent-loop/main.ts [--rounds 40] [--json] [--peers] [--at 50] [--against <folder>]`
 *
 * `--at` measures one of the two loads only. `--against` measures Tau of another checkout too, as `tau-memory-there` and `tau-durable-there`.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { startService, startWorker } from "../lib/child.ts";
import type { WorkerProcess } from "../lib/child.ts";
import { benchOptions, printReport, rounded } from "../lib/report.ts";
import type { Goal, Row } from "../lib/report.ts";
import { inRounds } from "../lib/rounds.ts";
import type { Samples } from "../lib/rounds.ts";
import { median, medianRatio, quantile } from "../lib/statistics.ts";
import { installPeers } from "../peers/install-peers.ts";
import { warmUp } from "./warm-up.ts";
import type { LoopWindow } from "./worker.ts";

interface Rung {
  readonly name: string;
  readonly file: string;
  /** A library that needs seconds of CPU for what takes us one: it makes fewer runs, and those of the smaller load only. */
  readonly isPeer: boolean;
}

interface Load {
  readonly concurrency: number;
  /** Runs of a window, which are few: many short windows meet moments in which nobody else wants the machine. */
  readonly runs: number;
  /** How many times as many rounds there are as were asked for. */
  readonly share: number;
}

const { rounds, json } = benchOptions(40);
const { values } = parseArgs({
  options: { against: { type: "string" }, at: { type: "string" } },
  strict: false,
});
const peers = process.argv.includes("--peers") ? await installPeers() : [];
const rungs: readonly Rung[] = [
  ...["bare-undici", "tau-memory", "bare-durable", "tau-durable"].map((name) => ours(name)),
  ...(typeof values["against"] === "string" ? rungsOf(values["against"]) : []),
  ...peers.map(({ name, file }) => ({ name, file, isPeer: true })),
];
await using model = await startService(new URL("mock-model.ts", import.meta.url));
const worker = new URL("worker.ts", import.meta.url);
const rows: Row[] = [];
const goals: Goal[] = [];

for (const load of [
  { concurrency: 50, runs: 50, share: 1 },
  { concurrency: 500, runs: 500, share: 1 / 4 },
]) {
  if (values["at"] !== undefined && values["at"] !== String(load.concurrency)) continue;
  const taking = load.concurrency === 50 ? rungs : rungs.filter(({ isPeer }) => !isPeer);
  await measureLoad(load, taking);
}

function ours(name: string): Rung {
  return { name, file: new URL(`${name}.ts`, import.meta.url).pathname, isPeer: false };
}

function rungsOf(folder: string): readonly Rung[] {
  return ["tau-memory", "tau-durable"].map((name) => ({
    name: `${name}-there`,
    file: resolve(folder, `bench/agent-loop/${name}.ts`),
    isPeer: false,
  }));
}

async function measureLoad(load: Load, taken: readonly Rung[]): Promise<void> {
  await using processes = new AsyncDisposableStack();
  const workers = new Map<Rung, WorkerProcess>();
  const warmRuns = new Map<Rung, number>();
  for (const rung of taken) {
    const args = [rung.file, model.baseUrl, String(load.concurrency)];
    const process = processes.use(startWorker(worker, args));
    workers.set(rung, process);
    warmRuns.set(rung, await warmedUp(process, rung));
  }
  const samples = await inRounds(taken, Math.ceil(rounds * load.share), async (rung) => {
    const process = workers.get(rung);
    if (process === undefined) throw new TypeError(`No process holds ${rung.name}.`);
    return await process.ask<LoopWindow>(String(load.runs));
  });
  report(load, { samples, warmRuns });
}

function warmedUp(process: WorkerProcess, { isPeer }: Rung): Promise<number> {
  const costOf = async (runs: number): Promise<number> => {
    const { cpuMsPerRun } = await process.ask<LoopWindow>(String(runs));
    return cpuMsPerRun;
  };
  // Peers execute so much code a run that they are warm sooner.
  const window = isPeer ? 50 : 500;
  return warmUp({ atLeast: 8 * window, atMost: 20 * window, window }, costOf);
}

interface Measured {
  readonly samples: Samples<Rung, LoopWindow>;
  /** What each rung took to warm up. */
  readonly warmRuns: ReadonlyMap<Rung, number>;
}

function report({ concurrency }: Load, { samples, warmRuns }: Measured): void {
  const all = (name: string, key: keyof LoopWindow): readonly number[] =>
    rungs
      .filter((rung) => rung.name === name)
      .flatMap((rung) => samples.of(rung))
      .map((sample) => sample[key]);
  const of = (name: string, key: keyof LoopWindow): number => median(all(name, key));
  const cheapest = (name: string): number => quantile(all(name, "cpuMsPerRun"), 0.25);
  const ratio = (name: string, floor: string): number =>
    medianRatio(all(name, "cpuMsPerRun"), all(floor, "cpuMsPerRun"));
  for (const [{ name }, runs] of warmRuns) {
    rows.push({
      rung: name,
      concurrency,
      "CPU ms/run": rounded(cheapest(name)),
      "× bare-undici": rounded(ratio(name, "bare-undici")),
      "× bare-durable": rounded(ratio(name, "bare-durable")),
      "runs/s": rounded(of(name, "runsPerSecond")),
      "p50 ms": rounded(of(name, "p50Ms")),
      "p99 ms": rounded(of(name, "p99Ms")),
      "RSS MB": rounded(of(name, "rssMb")),
      "runs to warm up": runs,
    });
  }
  const inMemory = ratio("tau-memory", "bare-undici");
  const durable = ratio("tau-durable", "bare-durable");
  goals.push(
    {
      what: `loop: in memory over bare undici, ${concurrency} runs`,
      measured: inMemory,
      unit: "×",
      limit: 2.5,
      aim: 2,
    },
    {
      what: `loop: durable over bare durable, ${concurrency} runs`,
      measured: durable,
      unit: "×",
      limit: 2.5,
      aim: 1.7,
    },
  );
  if (concurrency !== 500) return;
  for (const name of ["tau-memory", "tau-durable"]) {
    const measured = of(name, "runsPerSecond");
    goals.push({
      what: `loop: ${name}, 500 runs at a time`,
      measured,
      unit: "runs/s",
      limit: 600,
      atLeast: true,
    });
  }
}

printReport(
  {
    bench: "agent loop",
    rows,
    goals,
    notes: [
      `${rounds} windows of 50 runs, or a quarter as many of 500 at 500 runs at a time. Peers warm up with a tenth of the runs.`,
      "CPU: the lower quartile of the windows, because neighbours only ever add to it. All else: medians; ratios are those of windows that were made one after the other.",
      "bare-durable: node:sqlite on the main thread, WAL, synchronous FULL, all runs of a turn of the event loop in one commit.",
      ...peers.map(({ name, versions }) => `${name}: ${versions}, in memory, through fetch.`),
    ],
  },
  json,
);
