import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { BubblewrapProcess } from "./bubblewrap-process.ts";
import type { KnownProcess } from "./process-start.ts";
import { death, startTime } from "./process-start.ts";

/** How long it is waited for that bubblewrap stops: it does as soon as it gets a processor. */
const stopMs = 400;

/**
 * Ends a jail, however far bubblewrap is with it; settles when nothing of it is alive.
 *
 * Process 1 waits until bubblewrap lets it begin, and dies with bubblewrap only from then on: killed before, bubblewrap
 * would leave it behind, asleep. So until its number is told, bubblewrap is stopped, and what it has made is ended, too.
 */
export async function endBubblewrap({ child, status }: BubblewrapProcess): Promise<void> {
  const { pid } = child;
  const isUntold = pid !== undefined && status.firstProcess() === undefined;
  const made = isUntold && (await hasStopped(child, pid)) ? childrenOf(pid) : [];
  child.kill("SIGKILL");
  await Promise.all(made.map(death));
  await status.gone();
}

/** Stops it, so that it makes nothing more; false once it has ended. */
async function hasStopped(child: ChildProcess, pid: number): Promise<boolean> {
  const since = performance.now();
  child.kill("SIGSTOP");
  while (isRunning(child) && !"TtZX".includes(stateOf(pid)) && performance.now() - since < stopMs)
    await delay(1);
  return isRunning(child);
}

/** Until then nobody else gets its number. */
function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Not every kernel lists the children of a process. */
function childrenOf(parent: number): readonly KnownProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name) && fieldsOf(Number(name))[1] === String(parent))
    .map((name) => ({ pid: Number(name), startedAt: startTime(Number(name)) }));
}

function stateOf(pid: number): string {
  return fieldsOf(pid)[0] ?? "X";
}

/** What `/proc/PID/stat` says after the name of the program: its state, the number of its parent, … */
function fieldsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  } catch {
    return []; // gone
  }
}
