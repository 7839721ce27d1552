/**
 * What Tau weighs: packages and bytes of the runtime with its model adapters, CPU of importing them, CPU of
 * `tau --help`; beside an empty Node, in fresh processes that take turns. Builds what it measures first.
 *
 * `node --conditions=@tau/source bench/weight.ts [--rounds 7] [--json]`
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { closureOf } from "../test/checks/weight.ts";
import { readWorkspace } from "../test/checks/workspace.ts";
import { benchOptions, printReport, rounded } from "./lib/report.ts";
import { inRounds } from "./lib/rounds.ts";
import { median } from "./lib/statistics.ts";
import { packedBytes } from "./weight/packed-size.ts";
import { processCpuMs } from "./weight/process-cpu.ts";

const { rounds, json } = benchOptions(7);
const root = join(import.meta.dirname, "..");
const built = spawnSync(process.execPath, ["--conditions=@tau/source", "scripts/build.ts"], {
  cwd: root,
  encoding: "utf8",
});
if (built.status !== 0 && !json)
  process.stderr.write(`The build failed; older output is measured.\n${built.stdout}`);

const bin = join(root, "apps/cli/dist/bin.js");
const help = existsSync(bin) ? [bin] : ["--conditions=@tau/source", join(root, "apps/cli/src/bin.ts")];
const importing = (...names: readonly string[]): readonly string[] => [
  "--input-type=module",
  "--eval",
  names.map((name) => `await import(${JSON.stringify(name)});`).join("\n"),
];
const processes: ReadonlyMap<string, readonly string[]> = new Map([
  ["empty node", importing()],
  ["import @tau/runtime, @tau/agent", importing("@tau/runtime", "@tau/agent")],
  ["import undici", importing("undici")],
  ["tau --help", [...help, "--help"]],
]);
const names = [...processes.keys()];
const measure = (name: string): Promise<number> => processCpuMs(processes.get(name) ?? [], root);

for (const name of names) await measure(name);
const samples = await inRounds(names, rounds, measure);
const aboveEmpty = (name: string): number =>
  median(samples.of(name).map((cpuMs, round) => cpuMs - (samples.of("empty node")[round] ?? Number.NaN)));

const workspace = readWorkspace(root);
const folders = new Map(workspace.packages.map(({ name, folder }) => [name, join(root, folder)]));
const closure = await Promise.all(
  closureOf(workspace, ["@tau/runtime", "@tau/agent"]).map(async (one) => {
    const folder = folders.get(one.name);
    return folder === undefined ? one : { ...one, bytes: await packedBytes(folder) };
  }),
);
const megabytes = closure.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;

printReport(
  {
    bench: "weight",
    rows: [
      ...names.map((name) => ({
        what: name,
        "CPU ms": rounded(median(samples.of(name))),
        "above empty": rounded(aboveEmpty(name)),
      })),
      ...closure.map(({ name, bytes }) => ({ what: name, MB: rounded(bytes / 1e6) })),
    ],
    goals: [
      { what: "weight: packages", measured: closure.length, unit: "", limit: 12 },
      { what: "weight: size", measured: megabytes, unit: "MB", limit: 8 },
      {
        what: "weight: importing runtime and agent, CPU",
        measured: aboveEmpty("import @tau/runtime, @tau/agent"),
        unit: "ms",
        limit: 60,
        aim: 15,
      },
      { what: "weight: tau --help, CPU", measured: aboveEmpty("tau --help"), unit: "ms", limit: 90 },
      {
        what: "weight: install scripts",
        measured: closure.filter(({ hasInstallScript }) => hasInstallScript).length,
        unit: "",
        limit: 0,
      },
    ],
    notes: [
      `tau --help runs from ${existsSync(bin) ? "the build (apps/cli/dist/bin.js)" : "the sources, whose types Node strips first"}.`,
      "Sizes: ours as npm would pack them now, the others as installed.",
    ],
  },
  json,
);
