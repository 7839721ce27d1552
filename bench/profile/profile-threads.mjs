// Loaded first in a process that is profiled: `--cpu-prof` sees only threads that inherit the process's flags, so
// the others are profiled from outside, from their start to the moment the process has nothing left to do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const profiles = [];

process.on("worker", (worker) => {
  const name = `thread-${worker.threadId}.cpuprofile`;
  worker.once("online", () => profiles.push({ name, handle: worker.startCpuProfile() }));
});

async function stopAll() {
  // A thread that nobody waits for does not keep the process alive until it has answered.
  const alive = setInterval(() => undefined, 1_000);
  for (const { name, handle } of profiles.splice(0)) {
    writeFileSync(join(process.env.TAU_PROFILES, name), await (await handle).stop());
  }
  clearInterval(alive);
}

process.on("beforeExit", () => {
  if (profiles.length > 0) stopAll().catch(console.error);
});
