import { TauError } from "@tau/core";

import type { AgentConfig } from "./agent-config.ts";
import type { Clock } from "./clock.ts";
import type { EngineContext } from "./engine.ts";
import type { RunInput } from "./run-input.ts";

/** How long a run may take. */
export interface RunTimer extends AsyncDisposable {
  readonly signal: AbortSignal;
}

/** Makes a signal that also aborts at the deadline and at the limit of wall clock. */
export function createRunTimer(
  engine: EngineContext,
  clock: Clock,
  request: RunInput,
  agent: AgentConfig,
): RunTimer {
  const maxDurationMs = request.limits.maxDurationMs ?? agent.limits?.maxDurationMs;
  const until = [
    ...(maxDurationMs === undefined ? [] : [{ ms: maxDurationMs, error: timeLimit(maxDurationMs) }]),
    ...(request.deadline === undefined
      ? []
      : [{ ms: request.deadline - clock.now(), error: deadlinePassed() }]),
  ];
  if (until.length === 0) return { signal: engine.signal, [Symbol.asyncDispose]: async () => undefined };
  const limit = new AbortController();
  const stop = new AbortController();
  const timers = until.map(async ({ ms, error }) => {
    try {
      await clock.sleep(Math.max(0, ms), stop.signal);
      limit.abort(error);
    } catch {
      // Stopped: the run ended first.
    }
  });
  return {
    signal: AbortSignal.any([engine.signal, limit.signal]),
    async [Symbol.asyncDispose]() {
      stop.abort(runEnded);
      await Promise.all(timers);
    },
  };
}

// One for all: making an abort's default reason costs a stack trace.
const runEnded = new Error("The run ended.");

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
