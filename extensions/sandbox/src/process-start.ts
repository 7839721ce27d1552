import { readFileSync } from "node:fs";
import { setImmediate as others, setTimeout as delay } from "node:timers/promises";

import { killQuietly } from "@tau/tools";

const polls = 1000;
/** How long the end is waited for without a pause: it mostly comes within a millisecond, which is a timer's shortest. */
const eagerMs = 3;

/** A process, recognized even when its number is given again. */
export interface KnownProcess {
  readonly pid: number;
  /** See {@link startTime}. */
  readonly startedAt: string | undefined;
}

/** When a process started, in clock ticks: with its id, its identity. Undefined once it is dead. */
export function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [state] = fields;
    return state === "Z" || state === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Kills a process; settles when it is dead. */
export async function death({ pid, startedAt }: KnownProcess): Promise<void> {
  const since = performance.now();
  for (let poll = 0; poll < polls; poll++) {
    const started = startTime(pid);
    if (started === undefined || started !== startedAt) return;
    killQuietly(pid, "SIGKILL");
    await (performance.now() - since < eagerMs ? others() : delay(1));
  }
}
