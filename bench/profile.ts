/**
 * Where the CPU of a rung of the agent loop goes: self time by module and by function, of every thread, per run.
 * The runs before it is warm are not in it. Profiling itself makes everything slower, so read the shares, not the sums.
 *
 * `node --conditions=@tau/source bench/profile.ts tau-durable [runs at a time] [runs]`
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runScript, startService } from "./lib/child.ts";
import { rounded } from "./lib/report.ts";
import { summarize } from "./profile/summarize.ts";
import type { Cost } from "./profile/summarize.ts";

const [rung = "tau-memory", concurrency = "50", runs = "2000"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "tau-profile-"));
await using model = await startService(new URL("agent-loop/mock-model.ts", import.meta.url));
await runScript(new URL("profile/profile-rung.ts", import.meta.url), [
  new URL(`agent-loop/${rung}.ts`, import.meta.url).pathname,
  model.baseUrl,
  concurrency,
  runs,
  folder,
]);

const rows = (costs: readonly Cost[], total: number): readonly object[] =>
  costs.map(({ name, ms }) => ({
    name,
    "µs/run": rounded((ms * 1_000) / Number(runs)),
    share: `${((ms / total) * 100).toFixed(1)} %`,
  }));
for (const file of readdirSync(folder).toSorted()) {
  const { totalMs, functions, modules } = summarize(join(folder, file));
  process.stdout.write(`\n${rung}, ${file}: ${rounded(totalMs / Number(runs))} ms/run\n`);
  console.table(rows(modules.slice(0, 15), totalMs));
  console.table(rows(functions.slice(0, 30), totalMs));
}
rmSync(folder, { recursive: true, force: true });
