/**
 * Warms a rung of the agent loop up, then profiles all threads of its process over some runs:
 * `node profile-rung.ts <rung file> <base url> <concurrency> <runs> <folder for the profiles>`.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";

import { runAll } from "../agent-loop/run-all.ts";
import type { OpenRung } from "../agent-loop/rung.ts";

const [file = "", baseUrl = "", concurrency = "50", runs = "2000", folder = ""] = process.argv.slice(2);
const width = Number(concurrency);

const threads: Worker[] = [];
process.on("worker", (thread: Worker) => threads.push(thread));

const { openRung }: { openRung: OpenRung } = await import(file);
await using rung = await openRung({ baseUrl, concurrency: width });
await runAll(rung, 4_000, width);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
const profiled = await Promise.all(
  threads.map(async (thread) => ({
    name: `thread-${thread.threadId}`,
    handle: await thread.startCpuProfile(),
  })),
);
await session.post("Profiler.start");
await runAll(rung, Number(runs), width);
const { profile } = await session.post("Profiler.stop");
writeFileSync(join(folder, "main.cpuprofile"), JSON.stringify(profile));
for (const { name, handle } of profiled) {
  writeFileSync(join(folder, `${name}.cpuprofile`), await handle.stop());
}
process.stdout.write("true\n");
