import { TauError } from "@tau/core";

import type { RunningProcess } from "../environment.ts";

/** The processes that an environment owns: disposing of it ends them and refuses new ones. */
export interface RunningSet extends AsyncDisposable {
  /** A signal that also aborts at disposal. Throws `environment.failed` when that was before. */
  limit(signal: AbortSignal): AbortSignal;
  /** Counts a command in until it settles. */
  add<Result>(run: Promise<Result>): Promise<Result>;
  /** Counts a process in until its exit. */
  addStarted<Started extends RunningProcess>(starting: Promise<Started>): Promise<Started>;
}

/** Makes a {@link RunningSet}. */
export function createRunningSet(): RunningSet {
  const disposal = new AbortController();
  const running = new Set<Promise<unknown>>();

  const add = async <Result>(run: Promise<Result>): Promise<Result> => {
    running.add(run);
    try {
      return await run;
    } finally {
      running.delete(run);
    }
  };

  return {
    add,
    limit(signal) {
      disposal.signal.throwIfAborted();
      return AbortSignal.any([signal, disposal.signal]);
    },
    async addStarted(starting) {
      const started = await add(starting);
      add(started.exit).catch(() => undefined); // whoever awaits `exit` hears of it
      return started;
    },
    async [Symbol.asyncDispose]() {
      disposal.abort(closedError());
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

function closedError(): TauError {
  return new TauError("environment.failed", "Running a command failed: the environment is closed.", {
    class: "cancelled",
  });
}
