import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The variable that marks every process a command starts, so that those which left its group are found. */
export const markerVariable = "TAU_EXEC_ID";

const maxLooks = 200;
/** How many looks in a row must find nothing, while no process came, went or was just becoming another program. */
const settledLooks = 2;
/** How many looks may find nothing before others' comings and goings are taken for that. */
const emptyLooks = 20;
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
 * One look proves nothing: a process may have started another one and ended while it was looked for. So it looks at the
 * youngest first, and again until nothing moves.
 *
 * Reads `/proc`, so it works on Linux only; a process that both left the process group and cleared its
 * environment is not found. A jail's process-id namespace has neither limit.
 */
export async function killMarkedProcesses(marker: string, first?: FirstMarked): Promise<void> {
  if (process.platform !== "linux") return;
  const entry = Buffer.from(`${markerVariable}=${marker}`);
  const oldest = first === undefined || mayHaveWrapped(first) ? 0 : first.pid;
  let [empty, settled] = [0, 0];
  for (let look = 0; look < maxLooks; look++) {
    const seen = lookAndKill(entry, oldest);
    empty = seen === "killed" ? 0 : empty + 1;
    settled = seen === "settled" ? settled + 1 : 0;
    if (settled === settledLooks || empty === emptyLooks) return;
    if (seen !== "settled") await delay(pauseMs);
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

function lookAndKill(entry: Buffer, oldest: number): "killed" | "moving" | "settled" {
  const before = processesFrom(oldest);
  let [killed, moving] = [false, false];
  for (const pid of before) {
    const variables = variablesOf(pid);
    if (variables?.includes(entry) === true) {
      killQuietly(pid, "SIGKILL");
      killed = true;
    } else if (variables?.length === 0 && isProgram(pid)) moving = true;
  }
  if (killed) return "killed";
  return !moving && processesFrom(oldest).join() === before.join() ? "settled" : "moving";
}

/** The youngest first: the one that is about to start the next. */
function processesFrom(oldest: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) >= oldest)
    .map(Number)
    .toSorted((one, other) => other - one);
}

/** Whether there are variables to be had: not of the dead, nor of the kernel's own. */
function isProgram(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== "";
  } catch {
    return false;
  }
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

/** Empty in the moment in which a process becomes another program. */
function variablesOf(pid: number): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return undefined; // Gone meanwhile, or another user's.
  }
}
