/**
 * A process with an engine on a store, which runs one run and stays: `node engine-child.test.support.ts <directory> <program>`.
 * Prints `done` when the run ended, `begun` when it began, and `stopped <code>` when it was told to stop.
 */
import { createEmbeddedEngine } from "@tau/runtime";

import { createSqliteStore } from "./create-sqlite-store.ts";

const [directory = "", program = ""] = process.argv.slice(2);
const store = await createSqliteStore({ directory, leaseTtlMs: 300 });
const engine = createEmbeddedEngine(store);
engine.register("greet", async () => "child");
engine.register("hang", async ({ signal }) => {
  process.stdout.write("begun\n");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  process.stdout.write(`stopped ${String(signal.reason.code)}\n`);
  return "the child must not write this";
});
await engine.start();
const run = { tenant: "acme", key: "session-1", runId: "run-1" };
await engine.submit(program, { ...run, input: null });
await engine.result(run, new AbortController().signal);
process.stdout.write("done\n");
setInterval(() => undefined, 1_000);
