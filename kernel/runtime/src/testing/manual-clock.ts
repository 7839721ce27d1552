import type { Clock } from "../clock.ts";

/** A {@link Clock} that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** How many sleep. */
  readonly sleepers: number;
  /** Lets `ms` pass: who sleeps until then or earlier wakes, the earliest first. */
  advance(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Makes a {@link ManualClock}. `startMs` is in milliseconds since the epoch; by default a day in 2026. */
export function createManualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  const sleepers = new Set<Sleeper>();
  let now = startMs;

  return {
    now: () => now,

    get sleepers() {
      return sleepers.size;
    },

    async sleep(ms, signal) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", abort);
          resolve();
        };
        const sleeper: Sleeper = { at: now + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal.addEventListener("abort", abort, { once: true });
      });
    },

    advance(ms) {
      now += ms;
      const due = [...sleepers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      for (const { wake } of due) wake();
    },
  };
}
