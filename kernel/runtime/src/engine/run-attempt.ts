import { isTauError, toErrorInfo } from "@tau/core";
import type { Json } from "@tau/core";

import type { Program } from "../engine.ts";
import { hasCode, isJournalTrouble } from "./engine-errors.ts";
import type { RunOutcome } from "./engine-event.ts";
import type { RunContext } from "./run-context.ts";

/** What came of one attempt at a run. */
export type RunAttempt =
  | { readonly kind: "ended"; readonly outcome: RunOutcome; readonly bug?: unknown }
  /** The program stopped because the engine did, or because another process may have the run. */
  | { readonly kind: "unfinished" }
  /** The journal failed the program, which therefore could not write how it ended. */
  | { readonly kind: "trouble"; readonly error: unknown };

/** Runs the program once, from the top. Never throws, and never rejects. */
export function attemptRun(context: RunContext, program: Program, input: Json): Promise<RunAttempt> {
  return begun(context, program, input).then(returned, (error: unknown) => afterFailure(context, error));
}

function returned(result: Json): RunAttempt {
  return { kind: "ended", outcome: { ok: true, result: result ?? null } };
}

function begun(context: RunContext, program: Program, input: Json): Promise<Json> {
  try {
    return program(context, input);
  } catch (error) {
    return Promise.reject(error);
  }
}

function afterFailure({ signal }: RunContext, error: unknown): RunAttempt {
  const { aborted, reason } = signal;
  const cancelled = aborted && hasCode(reason, "engine.cancelled");
  if (aborted && !cancelled) return { kind: "unfinished" };
  if (isJournalTrouble(error)) return { kind: "trouble", error };
  // Much of Node throws an error of its own when a signal aborts.
  if (cancelled && isAbortError(error)) return failed(reason);
  return isTauError(error) ? failed(error) : { ...failed(error), bug: error };
}

function failed(error: unknown): { readonly kind: "ended"; readonly outcome: RunOutcome } {
  return { kind: "ended", outcome: { ok: false, error: toErrorInfo(error) } };
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
