/**
 * The SQLite store beside bare `node:sqlite` loops with the same settings (WAL, synchronous FULL), in one process
 * and in interleaved rounds. CPU time is that of all threads.
 *
 * `node --conditions=@tau/source bench/store.ts [--rounds 5] [--json]`
 */
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import type { Goal, Row } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import { openBareLog, openBareRows, openBareTable } from "./store/bare.ts";
import { measureGrowth } from "./store/growth.ts";
import { appendsPerRun, bodyOf, measure } from "./store/measure.ts";
import type { Cost, Rung } from "./store/measure.ts";
import { openTau } from "./store/tau.ts";

const { rounds, json } = benchOptions(5);

const rungs = ["bare-table", "bare-log", "bare-rows", "tau"] as const;
type RungName = (typeof rungs)[number];
const openers: Readonly<Record<RungName, () => Promise<Rung>>> = {
  "bare-table": openBareTable,
  "bare-log": openBareLog,
  "bare-rows": openBareRows,
  tau: openTau,
};
const loads = [
  { concurrency: 1, runs: 60 },
  { concurrency: 50, runs: 500 },
  { concurrency: 500, runs: 1_500 },
] as const;

const rows: Row[] = [];
const goals: Goal[] = [];
for (const load of loads) {
  const once = (rung: RungName): Promise<Cost> => measure(openers[rung], load);
  // To warm up.
  await inRounds(rungs, 1, once);
  const costs = await inRounds(rungs, rounds, once);
  const all = (rung: RungName, key: keyof Cost): readonly number[] => costs.of(rung).map((cost) => cost[key]);
  const times = (rung: RungName, floor: RungName): number =>
    medianRatio(all(rung, "cpuUs"), all(floor, "cpuUs"));
  for (const rung of rungs) {
    rows.push({
      rung,
      concurrency: load.concurrency,
      "CPU µs/append": rounded(median(all(rung, "cpuUs"))),
      "× bare-table": rounded(times(rung, "bare-table")),
      "× bare-log": rounded(times(rung, "bare-log")),
      "main thread µs/append": rounded(median(all(rung, "mainUs"))),
      "wall µs/append": rounded(median(all(rung, "wallUs"))),
    });
  }
  for (const floor of ["bare-table", "bare-log"] as const) {
    const what = `store: CPU an append over ${floor}, ${load.concurrency} at a time`;
    goals.push({ what, measured: times("tau", floor), unit: "×", limit: 2.5, aim: 1.7 });
  }
}

const growth = await measureGrowth(rounds);
for (const [turns, cpuUs] of growth.cpuUs) {
  rows.push({ rung: `tau, append at turn ${turns}`, concurrency: 1, "CPU µs/append": rounded(cpuUs) });
}
const spread = [...growth.cpuUs.values()];
goals.push(
  {
    what: "store: CPU an append, 100 to 10,000 turns, apart by",
    measured: (Math.max(...spread) / Math.min(...spread) - 1) * 100,
    unit: "%",
    limit: 20,
  },
  { what: "store: file over payload, 10,000 turns", measured: growth.fileOverPayload, unit: "×", limit: 1.5 },
  {
    what: "store: opening 10,000 turns from a checkpoint",
    measured: growth.openingMs,
    unit: "ms",
    limit: 50,
  },
);

printReport(
  {
    bench: "store",
    rows,
    goals,
    notes: [
      `A run has ${appendsPerRun} appends, one after the other, of one event of ${bodyOf(0).length} bytes.`,
      "bare-table is what people write first: PRIMARY KEY (run, seq), one commit a tick on the main thread. bare-log is the leanest: rows in the order of writing, and an index. bare-rows commits each row.",
      "Alone, an append is an fsync, a message to the thread and one back; wall time there is the disk's.",
      "Opening is of a store, its checkpoint and the 100 events after it; the thread is there already.",
    ],
  },
  json,
);
