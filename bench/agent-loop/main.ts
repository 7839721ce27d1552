/**
 * The agent loop: ten tool turns and an answer against a model on loopback, Tau beside bare rungs and, with
 * `--peers`, beside other libraries, which are then installed into a folder of their own.
 *
 * `node --conditions=@tau/source bench/agent-loop/main.ts [--rounds 3] [--json] [--peers]`
 */
import { runScript, startService } from "../lib/child.ts";
import { benchOptions, printReport, rounded } from "../lib/report.ts";
import type { Goal, Row } from "../lib/report.ts";
import { inRounds } from "../lib/rounds.ts";
import type { Samples } from "../lib/rounds.ts";
import { median, medianRatio } from "../lib/statistics.ts";
import { installPeers } from "../peers/install-peers.ts";
import type { LoopSample } from "./worker.ts";

interface Load {
  readonly concurrency: number;
  readonly runs: number;
}

const { rounds, json } = benchOptions(3);
const peers = process.argv.includes("--peers") ? await installPeers() : [];
const rungFiles: ReadonlyMap<string, string> = new Map([
  ...["bare-undici", "tau-memory", "bare-durable", "tau-durable"].map(
    (name) => [name, new URL(`${name}.ts`, import.meta.url).pathname] as const,
  ),
  ...peers.map(({ name, file }) => [name, file] as const),
]);
const names = [...rungFiles.keys()];
await using model = await startService(new URL("mock-model.ts", import.meta.url));
const worker = new URL("worker.ts", import.meta.url);
const rows: Row[] = [];
const goals: Goal[] = [];

for (const load of [
  { concurrency: 50, runs: 500 },
  { concurrency: 500, runs: 1_500 },
]) {
  // Peers need seconds of CPU for what takes us one: they run where the table of the issue has them.
  const taking =
    load.concurrency === 50 ? names : names.filter((name) => peers.every((peer) => peer.name !== name));
  report(load, taking, await inRounds(taking, rounds, (name) => measure(name, load)));
}

function measure(name: string, { concurrency, runs }: Load): Promise<LoopSample> {
  const total = peers.some((peer) => peer.name === name) ? runs / 2 : runs;
  return runScript(worker, [rungFiles.get(name) ?? "", model.baseUrl, String(concurrency), String(total)]);
}

function report({ concurrency }: Load, taken: readonly string[], samples: Samples<string, LoopSample>): void {
  const all = (name: string, key: keyof LoopSample): readonly number[] =>
    samples.of(name).map((sample) => sample[key]);
  const of = (name: string, key: keyof LoopSample): number => median(all(name, key));
  const ratio = (name: string, floor: string): number =>
    medianRatio(all(name, "cpuMsPerRun"), all(floor, "cpuMsPerRun"));
  for (const name of taken) {
    rows.push({
      rung: name,
      concurrency,
      "CPU ms/run": rounded(of(name, "cpuMsPerRun")),
      "× bare-undici": rounded(ratio(name, "bare-undici")),
      "× bare-durable": rounded(ratio(name, "bare-durable")),
      "runs/s": rounded(of(name, "runsPerSecond")),
      "p50 ms": rounded(of(name, "p50Ms")),
      "p99 ms": rounded(of(name, "p99Ms")),
      "RSS MB": rounded(of(name, "rssMb")),
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
      "bare-durable: node:sqlite on the main thread, WAL, synchronous FULL, all runs of a turn of the event loop in one commit.",
      ...peers.map(({ name, versions }) => `${name}: ${versions}, in memory, through fetch.`),
    ],
  },
  json,
);
