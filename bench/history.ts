/**
 * What a turn costs when a session has 100, 1,000 and 10,000 of them: CPU, bytes; and opening the deepest one in
 * a new process. Text-only turns of 200 bytes each way, a model in the process, beside bare SQLite.
 *
 * `node --conditions=@tau/source bench/history.ts [--rounds 1] [--json]`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { OpeningCost } from "./history/open-worker.ts";
import { busySessions, depths, said } from "./history/turns.ts";
import type { TurnCost, Turns } from "./history/turns.ts";
import { runScript } from "./lib/child.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median } from "./lib/statistics.ts";

const rungs = ["bare-sqlite", "bare-sqlite-thread", "tau-memory", "tau-sqlite"] as const;
type Rung = (typeof rungs)[number];

const scripts: Readonly<Record<Rung, string>> = {
  "bare-sqlite": "bare-worker",
  "bare-sqlite-thread": "bare-thread-worker",
  "tau-memory": "tau-worker",
  "tau-sqlite": "tau-worker",
};

const { rounds, json } = benchOptions(1);
const directory = mkdtempSync(join(tmpdir(), "tau-bench-"));
const script = (name: string): URL => new URL(`history/${name}.ts`, import.meta.url);

async function measure(rung: Rung, round: number): Promise<Turns> {
  const folder = mkdtempSync(join(directory, `${rung}-${round}-`));
  const place = rung === "tau-memory" ? [] : [folder];
  const turns = await runScript<Turns>(script(scripts[rung]), place);
  if (rung === "tau-sqlite") deepest = { folder, sessionId: turns.sessionId };
  return turns;
}

let deepest = { folder: "", sessionId: "" };
const samples = await inRounds(rungs, rounds, measure);
const openings = await inRounds(["new", "deep"], 5, (which) =>
  runScript<OpeningCost>(script("open-worker"), [deepest.folder, which === "deep" ? deepest.sessionId : ""]),
);
rmSync(directory, { recursive: true, force: true });

const of = (rung: Rung, depth: number, key: keyof TurnCost): number =>
  median(samples.of(rung).map(({ costs }) => costs[depth]?.[key] ?? Number.NaN));
const opening = (which: "new" | "deep", key: keyof OpeningCost): number =>
  median(openings.of(which).map((cost) => cost[key]));

/** How far the costs at the depths lie apart: the largest over the smallest, less one, in percent. */
const spread = (key: keyof TurnCost): number => {
  const values = depths.map((_, depth) => of("tau-sqlite", depth, key));
  return (Math.max(...values) / Math.min(...values) - 1) * 100;
};
const storingMs = Math.max(
  ...depths.map((_, depth) => of("tau-sqlite", depth, "cpuMs") - of("tau-memory", depth, "cpuMs")),
);
const busy = (rung: Rung): number => median(samples.of(rung).map(({ busyCpuMs }) => busyCpuMs));
const last = depths.length - 1;

printReport(
  {
    bench: "history",
    rows: [
      ...rungs.flatMap((rung) =>
        depths.map((turns, depth) => ({
          rung,
          turns,
          "CPU ms/turn": rounded(of(rung, depth, "cpuMs")),
          "wall ms/turn": rounded(of(rung, depth, "wallMs")),
          "payload B/turn": rounded(of(rung, depth, "payloadBytes")),
          "file B/turn": rounded(of(rung, depth, "fileBytes")),
        })),
      ),
      ...rungs.map((rung) => ({
        rung: `${rung}, ${busySessions} sessions`,
        "CPU ms/turn": rounded(busy(rung)),
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
        measured: spread("cpuOverShallowest"),
        unit: "%",
        limit: 20,
      },
      {
        what: "history: bytes a turn, apart by",
        measured: spread("payloadBytes"),
        unit: "%",
        limit: 20,
      },
      { what: "history: storing a turn, alone, CPU", measured: storingMs, unit: "ms", limit: 0.1 },
      {
        what: `history: storing a turn, ${busySessions} sessions, CPU`,
        measured: busy("tau-sqlite") - busy("tau-memory"),
        unit: "ms",
        limit: 0.1,
      },
      {
        what: "history: file over payload",
        measured: of("tau-sqlite", last, "fileBytes") / of("tau-sqlite", last, "payloadBytes"),
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
