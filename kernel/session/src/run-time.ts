import type { SessionEvent } from "@tau/core";

import type { RunState } from "./run-state.ts";

/** Wall clock that the run had spent running at `now`, its newest event. */
export function activeMsOf({ activeMs, activeSince }: RunState, now: number): number {
  return activeSince === undefined ? activeMs : activeMs + Math.max(0, now - activeSince);
}

/** Stops the run's time while it waits, and takes out the time in which no process had it. */
export function keepTime(
  run: RunState,
  event: SessionEvent,
  { before, at }: { readonly before: number; readonly at: number },
): void {
  if (event.type === "run_waiting") {
    run.activeMs = activeMsOf(run, at);
    delete run.activeSince;
  } else if (event.type === "approval_answered") {
    run.activeSince ??= at;
  } else if (event.type === "run_resumed") {
    run.activeMs = activeMsOf(run, before);
    run.activeSince = at;
  }
}
