import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type { ErrorClass, ErrorInfo, Json, JsonObject } from "@tau/core";

import type { JournalEvent, StoredEvent } from "../journal.ts";
import { invalidEvent } from "./engine-errors.ts";

/** A run was handed in. */
export interface RunSubmitted {
  readonly type: "run_submitted";
  readonly runId: string;
  readonly program: string;
  readonly input: Json;
  /** Who makes the key's runs from here on; only where the key had none to be made. Absent: nobody does yet. */
  readonly by?: string;
}

/** Somebody makes the key's runs from here on, because whoever did is gone. */
export interface KeyClaimed {
  readonly type: "key_claimed";
  readonly by: string;
}

/** Who made the key's runs does so no more, although some are left. */
export interface KeyReleased {
  readonly type: "key_released";
  readonly by: string;
}

/** Somebody sent a run a signal. Only the first of a name is written. */
export interface RunSignalled {
  readonly type: "run_signalled";
  readonly runId: string;
  readonly name: string;
  readonly payload: Json;
}

/** Somebody cancelled a run. Only the first time is written. */
export interface RunCancelled {
  readonly type: "run_cancelled";
  readonly runId: string;
  readonly reason: string;
}

/** A run waits until `at`, milliseconds since the epoch. */
export interface TimerSet {
  readonly type: "timer_set";
  readonly runId: string;
  readonly name: string;
  readonly at: number;
}

/** A wait ended without its signal. Written, so that a signal that comes later does not change it in a replay. */
export interface WaitExpired {
  readonly type: "wait_expired";
  readonly runId: string;
  readonly name: string;
}

/** How a program ended. */
export type RunOutcome =
  | { readonly ok: true; readonly result: Json }
  | { readonly ok: false; readonly error: ErrorInfo };

/**
 * A run ended. The type tells whether its key has another unfinished run: so the newest event of a stream
 * says whether there is something to take up, without reading it.
 */
export interface RunEnded {
  readonly type: "run_ended" | "run_ended_idle";
  readonly runId: string;
  readonly outcome: RunOutcome;
}

/** What happens to a run. */
export type KeyRunEvent = RunSubmitted | RunSignalled | RunCancelled | TimerSet | WaitExpired | RunEnded;

/** Everything the embedded engine writes into the stream of a key. */
export type EngineEvent = KeyRunEvent | KeyClaimed | KeyReleased;

/** The type of the newest event of a stream whose runs have all ended. */
export const idleType = "run_ended_idle";

const eventVersion = 1;

/** Writes an event for the journal. */
export function encodeEngineEvent(event: EngineEvent, at: number): JournalEvent {
  const { type, ...body } = event;
  return { type, version: eventVersion, at, body: JSON.stringify(body) };
}

/**
 * Reads an event; undefined for one of a later version of the engine, which this one passes over.
 *
 * @throws TauError `engine.invalid_event`
 */
export function decodeEngineEvent(stored: StoredEvent): EngineEvent | undefined {
  const type = toEventType(stored.type);
  if (type === undefined || stored.version > eventVersion) return undefined;
  const body = parseJson(stored.body);
  if (!body.ok || !isJsonObject(body.value)) throw invalidEvent(stored.type, stored.seq);
  return toEvent(type, body.value, stored.seq);
}

function toEvent(type: EngineEvent["type"], body: JsonObject, seq: number): EngineEvent {
  const text = (name: string): string => {
    const value = body[name];
    if (typeof value !== "string") throw invalidEvent(type, seq);
    return value;
  };
  if (type === "key_claimed" || type === "key_released") return { type, by: text("by") };
  const runId = text("runId");
  switch (type) {
    case "run_submitted": {
      const by = body["by"] === undefined ? {} : { by: text("by") };
      return { type, runId, program: text("program"), input: body["input"] ?? null, ...by };
    }
    case "run_signalled":
      return { type, runId, name: text("name"), payload: body["payload"] ?? null };
    case "run_cancelled":
      return { type, runId, reason: text("reason") };
    case "timer_set": {
      const { at } = body;
      if (typeof at !== "number") throw invalidEvent(type, seq);
      return { type, runId, name: text("name"), at };
    }
    case "wait_expired":
      return { type, runId, name: text("name") };
    case "run_ended":
    case "run_ended_idle": {
      const outcome = toOutcome(body["outcome"]);
      if (outcome === undefined) throw invalidEvent(type, seq);
      return { type, runId, outcome };
    }
    default:
      return unreachable(type);
  }
}

function toEventType(type: string): EngineEvent["type"] | undefined {
  switch (type) {
    case "run_submitted":
    case "key_claimed":
    case "key_released":
    case "run_signalled":
    case "run_cancelled":
    case "timer_set":
    case "wait_expired":
    case "run_ended":
    case "run_ended_idle":
      return type;
    default:
      return undefined;
  }
}

function toOutcome(value: Json | undefined): RunOutcome | undefined {
  if (!isJsonObject(value)) return undefined;
  if (value["ok"] === true) return { ok: true, result: value["result"] ?? null };
  const error = toStoredError(value["error"]);
  return error === undefined ? undefined : { ok: false, error };
}

function toStoredError(value: Json | undefined): ErrorInfo | undefined {
  if (!isJsonObject(value)) return undefined;
  const { code, message, retryAfterMs } = value;
  const errorClass = toErrorClass(value["class"]);
  if (typeof code !== "string" || typeof message !== "string" || errorClass === undefined) return undefined;
  const info = { code, message, class: errorClass };
  return typeof retryAfterMs === "number" ? { ...info, retryAfterMs } : info;
}

function toErrorClass(value: Json | undefined): ErrorClass | undefined {
  switch (value) {
    case "permanent":
    case "retryable":
    case "rate_limited":
    case "auth":
    case "cancelled":
      return value;
    default:
      return undefined;
  }
}
