import { offAbort, onAbort, TauError } from "@tau/core";

import type { Clock } from "./clock.ts";

/** How long a run may take. */
export interface RunTimer extends AsyncDisposable {
  /** Also aborts at the deadline and at the limit of wall clock. */
  readonly signal: AbortSignal;
  /** Stops the wall clock, but not the deadline's, until `act` ends: a run that waits for a person does not run. */
  whilePaused<T>(act: () => Promise<T>): Promise<T>;
}

/** Options of {@link createRunTimer}. */
export interface RunTimerOptions {
  /** The engine's signal for the run. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds the run may spend running, in all processes together. */
  readonly maxDurationMs: number | undefined;
  /** Milliseconds it has spent already. */
  readonly spentMs: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
}

/** For the whole run, so that all who wait under its signal for a moment find the event listener that they share. */
const stayThere = (): void => undefined;

/** Makes the {@link RunTimer} of one attempt at a run. */
export function createRunTimer(options: RunTimerOptions): RunTimer {
  const { clock, deadline, maxDurationMs } = options;
  if (deadline === undefined && maxDurationMs === undefined) return new Unlimited(options.signal);
  const limit = new AbortController();
  const left = (maxDurationMs ?? Infinity) - options.spentMs;
  const wall = createStopwatch(clock, left, () => limit.abort(timeLimit(maxDurationMs ?? 0)));
  const due = createStopwatch(clock, (deadline ?? Infinity) - clock.now(), () =>
    limit.abort(deadlinePassed()),
  );
  due.start();
  wall.start();
  const signal = AbortSignal.any([options.signal, limit.signal]);
  onAbort(signal, stayThere);
  let pauses = 0;
  return {
    signal,
    async whilePaused(act) {
      pauses += 1;
      if (pauses === 1) await wall.stop();
      try {
        return await act();
      } finally {
        pauses -= 1;
        if (pauses === 0) wall.start();
      }
    },
    async [Symbol.asyncDispose]() {
      offAbort(signal, stayThere);
      await Promise.all([wall.stop(), due.stop()]);
    },
  };
}

/** The timer of nearly every run. */
class Unlimited implements RunTimer {
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  whilePaused<T>(act: () => Promise<T>): Promise<T> {
    return act();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return nothingToStop;
  }
}

const nothingToStop = Promise.resolve();

interface Stopwatch {
  start(): void;
  stop(): Promise<void>;
}

// One for all: making an abort's default reason costs a stack trace.
const stopped = new Error("The run waits, or ended.");

/** Calls `fire` once it has run for `ms` in all; never for Infinity. */
function createStopwatch(clock: Clock, ms: number, fire: () => void): Stopwatch {
  let left = ms;
  let since = 0;
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  const countDown = async (signal: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(Math.max(0, left), signal);
    } catch {
      return;
    }
    fire();
  };

  return {
    start() {
      if (left === Infinity) return;
      const stop = new AbortController();
      since = clock.now();
      running = { stop, done: countDown(stop.signal) };
    },
    async stop() {
      if (running === undefined) return;
      left -= clock.now() - since;
      running.stop.abort(stopped);
      await running.done;
      running = undefined;
    },
  };
}

function timeLimit(ms: number): TauError {
  return new TauError("run.time_limit", `The run took longer than its limit of ${ms} ms.`, {
    class: "cancelled",
  });
}

function deadlinePassed(): TauError {
  return new TauError("run.deadline", "The caller's deadline passed before the run ended.", {
    class: "cancelled",
  });
}
