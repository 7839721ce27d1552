/**
 * Runs every benchmark, one after the other, and shows their tables and which goals are met.
 *
 * `npm run bench [-- --json] [-- --peers]`, about six minutes. Nothing else should run on the machine meanwhile.
 */
import { runScript } from "./lib/child.ts";
import { printTables } from "./lib/report.ts";
import type { MachineReport } from "./lib/report.ts";

const json = process.argv.includes("--json");
const peers = process.argv.includes("--peers") ? ["--peers"] : [];
const scripts = [
  "agent-loop/main.ts",
  "stream.ts",
  "first-token.ts",
  "pipeline.ts",
  "rpc.ts",
  "policy.ts",
  "store.ts",
  "history.ts",
  "tools.ts",
  "egress.ts",
  "sandbox.ts",
  "weight.ts",
];

const reports: MachineReport[] = [];
for (const script of scripts) {
  process.stderr.write(`${script} …\n`);
  const args = ["--json", ...(script.startsWith("agent-loop") ? peers : [])];
  reports.push(await runScript<MachineReport>(new URL(script, import.meta.url), args));
}
if (json) process.stdout.write(`${JSON.stringify(reports)}\n`);
else printTables(reports);
