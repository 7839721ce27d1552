import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The variable that marks every process a command starts, so that those which left its group are found. */
export const markerVariable = "TAU_EXEC_ID";

const rounds = 50;
const pauseMs = 2;

/**
 * Kills every process that carries `marker` in its environment, until none is left.
 *
 * Reads `/proc`, so it works on Linux only; a process that both left the process group and cleared its
 * environment is not found. A jail's process-id namespace has neither limit.
 */
export async function killMarkedProcesses(marker: string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const pids = findMarkedProcesses(marker);
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

function findMarkedProcesses(marker: string): readonly number[] {
  if (process.platform !== "linux") return [];
  const entry = Buffer.from(`${markerVariable}=${marker}`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => environmentOf(name)?.includes(entry) === true)
    .map(Number);
}

function environmentOf(pid: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return undefined; // Gone meanwhile, or another user's.
  }
}
