import { isTauError, TauError } from "@tau/core";
import type { ErrorInfo } from "@tau/core";

import type { RunRef } from "../engine.ts";
import type { StreamId } from "../journal.ts";

/** Makes the reason with which a cancelled run's signal aborts. */
export function engineCancelled(reason: string): TauError {
  return new TauError("engine.cancelled", `The run was cancelled: ${reason}`, {
    class: "cancelled",
    details: { reason },
  });
}

/** Makes the reason with which signals abort when the engine shuts down. */
export function engineStopped(): TauError {
  return new TauError(
    "engine.stopped",
    "The engine is shutting down; unfinished runs are taken up again when one starts on the same store.",
    { class: "retryable" },
  );
}

/** Makes the reason with which a run's signal aborts when another process may be running it. */
export function engineLeaseLost(): TauError {
  return new TauError(
    "engine.lease_lost",
    "This process lost the lease of the run's key, so another one may be running it; stop without writing anything.",
    { class: "retryable" },
  );
}

/** Makes the reason with which what a program left behind is ended, and the error of using its context later. */
export function engineRunEnded(): TauError {
  return new TauError(
    "engine.run_ended",
    "The run has ended, so nothing of it goes on; let the program await everything it begins.",
    { class: "cancelled" },
  );
}

/** Makes the error of naming a run that was never submitted under this key. */
export function runNotFound({ key, runId }: RunRef): TauError {
  return new TauError(
    "engine.not_found",
    `runId ${JSON.stringify(runId.slice(0, 128))} was never submitted under key ${JSON.stringify(key.slice(0, 200))}; submit it first, or look under its own key.`,
  );
}

/** Makes the error of a program calling a run under its own key. */
export function sameKey(key: string): TauError {
  return new TauError(
    "engine.same_key",
    `key ${JSON.stringify(key.slice(0, 200))} is the caller's own: the called run would wait for the caller to end, for ever. Use another key.`,
  );
}

/** Makes the error of using a name twice in one run. */
export function duplicateStep(kind: string, name: string): TauError {
  return new TauError(
    "engine.duplicate_step",
    `The run used the name ${JSON.stringify(name.slice(0, 200))} for a ${kind} before; give each its own, for example with a number.`,
  );
}

/** Makes the error of registering two programs under one name. */
export function duplicateProgram(name: string): TauError {
  return new TauError(
    "engine.duplicate_program",
    `A program named ${JSON.stringify(name.slice(0, 200))} is registered already; choose another name.`,
  );
}

/** Makes the error of an event that this version of the engine cannot read. */
export function invalidEvent(type: string, seq: number): TauError {
  return new TauError(
    "engine.invalid_event",
    `Event ${seq} of type ${JSON.stringify(type)} in an engine stream cannot be read; it was damaged or written by something else.`,
  );
}

/** Makes the error that a run ended with, as whoever asks for its result gets it. */
export function fromErrorInfo({ code, message, class: errorClass, retryAfterMs }: ErrorInfo): TauError {
  return new TauError(code, message, {
    class: errorClass,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Tells whether `error` is a {@link TauError} with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return isTauError(error) && error.code === code;
}

/** Tells whether an append failed because somebody else appended to this stream. */
export function isConflictOf(error: unknown, { stream }: StreamId): boolean {
  return isTauError(error) && error.code === "journal.conflict" && error.details["stream"] === stream;
}

/** Tells whether the journal failed in a way that may pass: then the same thing is worth doing again, now or by the next process. */
export function isJournalTrouble(error: unknown): boolean {
  if (!isTauError(error)) return false;
  return (
    error.code === "journal.closed" || (error.code.startsWith("journal.") && error.class === "retryable")
  );
}
