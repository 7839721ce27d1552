import type { JailLimits } from "../jail-options.ts";
import { exceededText } from "./limit-text.ts";
import type { Exceeded } from "./limit-text.ts";
import { treeUsage } from "./tree-usage.ts";

/** Processes and threads of one command, unless its limits say otherwise. */
export const defaultProcesses = 1024;
/** How often a command is looked at, and what part of the time that may take. */
const pauseMs = 50;
const share = 0.05;

/** The eyes on one command. */
export interface LimitWatch extends Disposable {
  /** What the command was ended for, such as `used more than 512 MB of memory`; undefined when it was not. */
  exceeded(): string | undefined;
}

/**
 * Looks at what a command and everything that it started use together, and calls `end` when that is more than `limits`
 * allow. What the kernel limits for each process alone, or not for root, is so limited for all of them: not to the byte,
 * but within a twentieth of a second.
 */
export function watchLimits(limits: JailLimits, root: () => number | undefined, end: () => void): LimitWatch {
  const allowed = {
    processes: limits.processes ?? defaultProcesses,
    cpuSeconds: limits.cpuSeconds ?? Infinity,
    memoryBytes: limits.memoryBytes ?? Infinity,
  };
  let found: Exceeded | undefined;
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const startedAt = performance.now();
    const pid = root();
    const usage = pid === undefined ? undefined : treeUsage(pid, allowed.memoryBytes);
    if (usage !== undefined) {
      if (usage.memoryBytes > allowed.memoryBytes) found = "memoryBytes";
      else if (usage.tasks > allowed.processes) found = "processes";
      else if (usage.cpuSeconds > allowed.cpuSeconds) found = "cpuSeconds";
    }
    if (found !== undefined) end();
    else timer = later(Math.max(pauseMs, (performance.now() - startedAt) / share));
  };
  const later = (ms: number): NodeJS.Timeout => setTimeout(look, ms).unref();

  timer = later(pauseMs);
  return {
    exceeded: () => (found === undefined ? undefined : exceededText(found, allowed[found])),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
