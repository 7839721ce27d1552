import { setTimeout as delay } from "node:timers/promises";

/** Time as an argument, so that tests do not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Settles after `ms`, or throws `signal.reason` when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

// Timers of Node run over after 2^31 - 1 ms (24.8 days) and then fire at once.
const longestTimerMs = 2_147_483_647;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    let left = ms;
    do {
      const part = Math.min(left, longestTimerMs);
      try {
        await delay(part, undefined, { signal });
      } catch {
        signal.throwIfAborted();
      }
      left -= part;
    } while (left > 0);
  },
};
