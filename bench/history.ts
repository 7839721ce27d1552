/**
 * What a turn costs when a session has 100, 1,000 and 10,000 of them: CPU, bytes; and opening the deepest one in
 * a new process. Text-only turns of 200 bytes each way, a model in the process, beside bare SQLite. All of them take turns of a moment
 * each, because the host's speed may double within seconds.
 *
 * `node --conditions=@tau/source bench/history.ts [--rounds 25] [--json]`
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { OpeningCost } from "./history/open-worker.ts";
import { busySessions, depths, said } from "./history/turns.ts";
import type { TurnBytes, TurnTask, TurnWindow } from "./history/turns.ts";
import { runScript, startWorker } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median, medianRatio } from "./lib/statistics.ts";

const rungs = ["bare-sqlite", "bare-sqlite-thread", "tau-memory", "tau-sqlite"] as const;
type Rung = (typeof rungs)[number];

const scripts: Readonly<Record<Rung, string>> = {
  "bare-sqlite": "bare-worker",
  "bare-sqlite-thread": "bare-thread-worker",
  "tau-memory": "tau-worker",
  "tau-sqlite": "tau-worker",
};

const { rounds, json } = benchOptions(25);
const directory = mkdtempSync(join(tmpdir(), "tau-bench-"));
const folder = (rung: Rung): string => join(directory, rung);
const script = (name: string): URL => new URL(`history/${name}.ts`, import.meta.url);

/** One rung doing one task, which it does once a round. */
interface Cell {
  readonly rung: Rung;
  readonly task: TurnTask;
}

const tasks: readonly TurnTask[] = [...depths.map((_, place) => `depth ${place}` as const), "busy"];
// All rungs of a task one after another, as they are compared.
const cells: readonly Cell[] = tasks.flatMap((task) => rungs.map((rung) => ({ rung, task })));

interface Measured {
  readonly windows: (rung: Rung, task: TurnTask) => readonly TurnWindow[];
  readonly bytes: ReadonlyMap<Rung, readonly TurnBytes[]>;
  readonly deepest: string;
}

async function measure(): Promise<Measured> {
  await using processes = new AsyncDisposableStack();
  const workers = new Map<Rung, ReturnType<typeof startWorker>>();
  let deepest = "";
  for (const rung of rungs) {
    if (rung !== "tau-memory") mkdirSync(folder(rung));
    const worker = processes.use(
      startWorker(script(scripts[rung]), rung === "tau-memory" ? [] : [folder(rung)]),
    );
    workers.set(rung, worker);
    deepest = await worker.hear<string>();
  }
  const ask = async <T>(rung: Rung, task: TurnTask): Promise<T> => {
    const worker = workers.get(rung);
    if (worker === undefined) throw new TypeError(`No process holds ${rung}.`);
    return await worker.ask<T>(task);
  };
  const samples = await inRounds(cells, rounds, ({ rung, task }) => ask<TurnWindow>(rung, task));
  const bytes = new Map<Rung, readonly TurnBytes[]>();
  for (const rung of rungs) {
    const found: TurnBytes[] = [];
    for (const place of depths.keys()) found.push(await ask<TurnBytes>(rung, `bytes ${place}`));
    bytes.set(rung, found);
  }
  const windows = (rung: Rung, task: TurnTask): readonly TurnWindow[] =>
    cells.filter((cell) => cell.rung === rung && cell.task === task).flatMap((cell) => samples.of(cell));
  return { windows, bytes, deepest };
}

const { windows, bytes, deepest } = await measure();
const openings = await inRounds(["new", "deep"], 5, (which) =>
  runScript<OpeningCost>(script("open-worker"), [folder("tau-sqlite"), which === "deep" ? deepest : ""]),
);
rmSync(directory, { recursive: true, force: true });

const cpu = (rung: Rung, task: TurnTask): readonly number[] => windows(rung, task).map(({ cpuMs }) => cpuMs);
const wallMs = (rung: Rung, task: TurnTask): number =>
  median(windows(rung, task).map((window) => window.wallMs));
const left = (rung: Rung, depth: number, key: keyof TurnBytes): number =>
  bytes.get(rung)?.[depth]?.[key] ?? Number.NaN;
const opening = (which: "new" | "deep", key: keyof OpeningCost): number =>
  median(openings.of(which).map((cost) => cost[key]));

/** CPU that a turn takes in SQLite above one in memory, window by window. */
function storingMs(task: TurnTask): number {
  const inMemory = cpu("tau-memory", task);
  return median(cpu("tau-sqlite", task).map((cpuMs, round) => cpuMs - (inMemory[round] ?? Number.NaN)));
}

/** How far the costs at the depths lie apart: the largest over the smallest, less one, in percent. */
const spread = (values: readonly number[]): number => (Math.max(...values) / Math.min(...values) - 1) * 100;
const overShallowest = depths.map((_, place) =>
  medianRatio(cpu("tau-sqlite", `depth ${place}`), cpu("tau-sqlite", "depth 0")),
);
const last = depths.length - 1;

printReport(
  {
    bench: "history",
    rows: [
      ...rungs.flatMap((rung) =>
        depths.map((turns, depth) => ({
          rung,
          turns,
          "CPU ms/turn": rounded(median(cpu(rung, `depth ${depth}`))),
          "wall ms/turn": rounded(wallMs(rung, `depth ${depth}`)),
          "payload B/turn": rounded(left(rung, depth, "payloadBytes")),
          "file B/turn": rounded(left(rung, depth, "fileBytes")),
        })),
      ),
      ...rungs.map((rung) => ({
        rung: `${rung}, ${busySessions} sessions`,
        "CPU ms/turn": rounded(median(cpu(rung, "busy"))),
      })),
      ...(["new", "deep"] as const).map((which) => ({
        rung: which === "deep" ? "open 10,000 turns" : "open a new session",
        "CPU ms": rounded(opening(which, "cpuMs")),
        "wall ms": rounded(opening(which, "wallMs")),
        "show ms": rounded(opening(which, "showMs")),
      })),
    ],
    goals: [
      {
        what: "history: CPU a turn, 100 to 10,000 turns, apart by",
        measured: spread(overShallowest),
        unit: "%",
        limit: 20,
      },
      {
        what: "history: bytes a turn, apart by",
        measured: spread(depths.map((_, place) => left("tau-sqlite", place, "payloadBytes"))),
        unit: "%",
        limit: 20,
      },
      {
        what: "history: storing a turn, alone, CPU",
        measured: Math.max(...depths.map((_, place) => storingMs(`depth ${place}`))),
        unit: "ms",
        limit: 0.1,
      },
      {
        what: `history: storing a turn, ${busySessions} sessions, CPU`,
        measured: storingMs("busy"),
        unit: "ms",
        limit: 0.1,
      },
      {
        what: "history: file over payload",
        measured: left("tau-sqlite", last, "fileBytes") / left("tau-sqlite", last, "payloadBytes"),
        unit: "×",
        limit: 1.5,
      },
      { what: "history: opening 10,000 turns", measured: opening("deep", "wallMs"), unit: "ms", limit: 50 },
    ],
    notes: [
      `A turn has ${said.length} bytes of prompt and as many of answer; the payload is the JSON of all its events, those of the engine included.`,
      "Storing is tau-sqlite less tau-memory: the same turn with and without SQLite, writer's thread included; alone, every commit is an fsync.",
      "bare-sqlite-thread is what storing costs at least with a thread: two small rows a turn, written by one that gets messages.",
      "tau-memory keeps its journal on the heap: its CPU moves by a factor of two with what the collector does.",
      "From about 1,000 such turns on, the oldest no longer go to the model (100,000 tokens); they stay in the journal.",
      "Opening is from startRun to the first question to the model, in a process whose store is open.",
    ],
  },
  json,
);
