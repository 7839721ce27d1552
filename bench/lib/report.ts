import { parseArgs } from "node:util";

import { describeMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";

/** One line of a table. */
export type Row = Readonly<Record<string, string | number>>;

/** A number that somebody promised. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** The most it may be, or the least where `atLeast` is set. */
  readonly limit: number;
  /** What we would like it to be. */
  readonly aim?: number;
  readonly atLeast?: boolean;
}

/** What a benchmark found out. */
export interface Report {
  readonly bench: string;
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
  /** What a reader must know to read the numbers rightly. */
  readonly notes?: readonly string[];
}

/** A report and where it was made. */
export interface MachineReport extends Report {
  readonly machine: Machine;
}

/** The options that every benchmark has. */
export interface BenchOptions {
  readonly rounds: number;
  readonly json: boolean;
}

/** Reads `--rounds` and `--json`. */
export function benchOptions(defaultRounds: number): BenchOptions {
  const { values } = parseArgs({
    options: { rounds: { type: "string" }, json: { type: "boolean", default: false } },
    strict: false,
  });
  return { rounds: Number(values["rounds"] ?? defaultRounds), json: values["json"] === true };
}

/** Prints a report: tables for people, one line of JSON for programs. */
export function printReport(report: Report, json: boolean): void {
  const complete: MachineReport = { ...report, machine: describeMachine() };
  if (json) process.stdout.write(`${JSON.stringify(complete)}\n`);
  else printTables([complete]);
}

/** Prints the tables of several reports and then every goal of them. */
export function printTables(reports: readonly MachineReport[]): void {
  for (const { bench, machine, rows, notes = [] } of reports) {
    const { cores, cpu, memoryGb, system, node, load } = machine;
    process.stdout.write(
      `\n${bench} · Node ${node}, ${cores} × ${cpu}, ${memoryGb} GB, ${system}, load ${load}\n`,
    );
    console.table(rows);
    for (const note of notes) process.stdout.write(`  ${note}\n`);
  }
  process.stdout.write("\nGoals\n");
  console.table(reports.flatMap(({ goals }) => goals.map(goalRow)));
}

/** Tells whether a goal is met. */
export function isMet({ measured, limit, atLeast = false }: Goal): boolean {
  return atLeast ? measured >= limit : measured <= limit;
}

function goalRow(goal: Goal): Row {
  const sign = goal.atLeast === true ? "≥" : "≤";
  return {
    what: goal.what,
    measured: `${rounded(goal.measured)} ${goal.unit}`,
    limit: `${sign} ${goal.limit.toLocaleString("en")}`,
    aim: goal.aim === undefined ? "" : goal.aim.toLocaleString("en"),
    met: isMet(goal) ? "yes" : "NO",
  };
}

/** Three digits are all that such a machine can promise. */
export function rounded(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}
