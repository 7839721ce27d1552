/**
 * How long a question waits for the first token of its answer, of a model on loopback that answers at once: Tau's adapters
 * alone, the whole runtime with a listener, and the same with SQLite, beside bare undici. Every rung has a process,
 * which is warmed up until its questions no longer get cheaper; then the processes take turns, some questions each. Beside
 * that, new processes with nothing warm.
 *
 * `node --conditions=@tau/source bench/first-token.ts [--rounds 60] [--json] [--against <folder>]`
 *
 * `--against` measures the runtime of another checkout too, as `runtime-there`.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { warmUp } from "./agent-loop/warm-up.ts";
import { startService, startWorker } from "./lib/child.ts";
import type { WorkerProcess } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import type { Samples } from "./lib/rounds.ts";
import { median } from "./lib/statistics.ts";
import type { FirstTokens } from "./stream/first-token-worker.ts";

interface Rung {
  readonly name: string;
  /** Where its code is. */
  readonly bench: URL;
  readonly file: string;
}

const { rounds, json } = benchOptions(60);
const { values } = parseArgs({ options: { against: { type: "string" } }, strict: false });
const here = new URL(".", import.meta.url);
const rungs: readonly Rung[] = [
  ...["bare", "adapter", "responses", "runtime", "durable"].map((file) => ({
    name: file,
    bench: here,
    file,
  })),
  ...(typeof values["against"] === "string" ? [runtimeOf(values["against"])] : []),
];
/** Questions of a turn, and of a new process. */
const questions = 100;
const newProcesses = 5;
/** The rule of the agent loop. A run of that has eleven questions, and the compilers look at how often a function was called. */
const warming = { atLeast: 12_000, atMost: 20_000, window: 1_000 };
await using model = await startService(new URL("stream/mock-model.ts", here));

function runtimeOf(folder: string): Rung {
  const bench = new URL(`file://${resolve(folder)}/bench/`);
  return { name: "runtime-there", bench, file: "runtime" };
}

function start({ bench, file }: Rung): WorkerProcess {
  const rung = new URL(`stream/${file}.ts`, bench).pathname;
  return startWorker(new URL("stream/first-token-worker.ts", bench), [rung, model.baseUrl]);
}

async function measureNew(rung: Rung): Promise<FirstTokens> {
  await using worker = start(rung);
  return await worker.ask<FirstTokens>(String(questions));
}

interface Warm {
  readonly samples: Samples<Rung, FirstTokens>;
  /** What each rung took to warm up. */
  readonly warmedBy: ReadonlyMap<Rung, number>;
}

async function measureWarm(): Promise<Warm> {
  await using processes = new AsyncDisposableStack();
  const workers = new Map<Rung, WorkerProcess>();
  const warmedBy = new Map<Rung, number>();
  const ask = async (rung: Rung, count: number): Promise<FirstTokens> => {
    const worker = workers.get(rung);
    if (worker === undefined) throw new TypeError(`No process holds ${rung.name}.`);
    return await worker.ask<FirstTokens>(String(count));
  };
  for (const rung of rungs) {
    workers.set(rung, processes.use(start(rung)));
    warmedBy.set(rung, await warmUp(warming, async (count) => (await ask(rung, count)).cpuMicros));
  }
  return { samples: await inRounds(rungs, rounds, (rung) => ask(rung, questions)), warmedBy };
}

const fresh = await inRounds(rungs, newProcesses, measureNew);
const { samples: warm, warmedBy } = await measureWarm();

const all = (samples: Samples<Rung, FirstTokens>, rung: Rung, key: keyof FirstTokens): readonly number[] =>
  samples.of(rung).map((sample) => sample[key]);
const of = (samples: Samples<Rung, FirstTokens>, rung: Rung, key: keyof FirstTokens): number =>
  median(all(samples, rung, key));

/** What a rung adds at the median, in ms: turn by turn, as what disturbs one turn disturbs its neighbour. */
function addedMs(samples: Samples<Rung, FirstTokens>, rung: Rung): number {
  const [bare = rung] = rungs;
  const without = all(samples, bare, "p50Ms");
  return median(all(samples, rung, "p50Ms").map((ms, turn) => ms - (without[turn] ?? Number.NaN)));
}

printReport(
  {
    bench: "first token",
    rows: rungs.map((rung) => ({
      rung: rung.name,
      "p50 ms": rounded(of(warm, rung, "p50Ms")),
      "added ms": rounded(addedMs(warm, rung)),
      "p90 ms": rounded(of(warm, rung, "p90Ms")),
      "µs CPU/question": rounded(of(warm, rung, "cpuMicros")),
      "questions to warm up": warmedBy.get(rung) ?? 0,
      "new: p50 ms": rounded(of(fresh, rung, "p50Ms")),
      "new: added ms": rounded(addedMs(fresh, rung)),
      "new: the very first ms": rounded(of(fresh, rung, "firstMs")),
    })),
    goals: rungs
      .filter(({ name }) => name === "adapter" || name === "runtime")
      .map((rung) => ({
        what: `first token: ${rung.name}, added`,
        measured: addedMs(warm, rung),
        unit: "ms",
        limit: 0.3,
        aim: 0.15,
      })),
    notes: [
      `${rounds} turns of ${questions} questions each, one after another, and answers of 20 tokens that come at once.`,
      "added: above bare, turn by turn. CPU is that of whole questions, from session to end, by all threads.",
      `new: the first ${questions} questions of a process, ${newProcesses} processes of each, in turns: most of it is code that is interpreted.`,
      "durable: the model is asked once the question is on disk (SQLite, WAL, synchronous FULL), so a sync is in it.",
    ],
  },
  json,
);
