import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The variable that marks every process a command starts, so that those which left its group are found. */
export const markerVariable = "TAU_EXEC_ID";

const rounds = 50;
const pauseMs = 2;

/** The first process that can carry a marker. */
export interface FirstMarked {
  readonly pid: number;
  /** When it was not there yet, as `performance.now()` tells it. */
  readonly since: number;
}

/**
 * Kills every process that carries `marker` in its environment, until none is left. Told which process was the `first`,
 * it looks at younger ones only.
 *
 * Reads `/proc`, so it works on Linux only; a process that both left the process group and cleared its
 * environment is not found. A jail's process-id namespace has neither limit.
 */
export async function killMarkedProcesses(marker: string, first?: FirstMarked): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const pids = findMarkedProcesses(marker, first);
    if (pids.length === 0) return;
    for (const pid of pids) killQuietly(pid, "SIGKILL");
    await delay(pauseMs);
  }
}

/** Sends a signal to a process, or with a negative id to a group; one that is gone already is fine. */
export function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone, or changed its user: nothing that this process could do about it.
  }
}

function findMarkedProcesses(marker: string, first: FirstMarked | undefined): readonly number[] {
  if (process.platform !== "linux") return [];
  const entry = Buffer.from(`${markerVariable}=${marker}`);
  const oldest = first === undefined || mayHaveWrapped(first) ? 0 : first.pid;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) >= oldest)
    .filter((name) => environmentOf(name)?.includes(entry) === true)
    .map(Number);
}

/** More processes than any machine starts in a millisecond. */
const startsPerMs = 50;

/** Whether numbers of processes may have begun again from the lowest one, so that a younger process has a lower one. */
function mayHaveWrapped({ pid, since }: FirstMarked): boolean {
  try {
    const last = Number(readFileSync("/proc/loadavg", "utf8").trim().split(" ").at(-1));
    const all = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
    return !(last >= pid && (performance.now() - since) * startsPerMs < all);
  } catch {
    return true;
  }
}

function environmentOf(pid: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return undefined; // Gone meanwhile, or another user's.
  }
}
