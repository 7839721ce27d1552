import type { ServerResponse } from "node:http";

import { sendJson } from "./send.ts";
import type { TranscriptFailure } from "./transcript.ts";
import type { ScriptedWire } from "./wires.ts";

/** Fails instead of answering; false for a failure that happens inside the answer. */
export function failBeforeAnswer(
  failure: TranscriptFailure,
  wire: ScriptedWire,
  response: ServerResponse,
): boolean {
  if (failure.kind === "reset") {
    response.destroy();
    return true;
  }
  const status = statusOf(failure, wire);
  if (status === undefined) return false;
  const message = failure.message ?? "The transcript says so.";
  const body = wire.error(status, message);
  const seconds = failure.retryAfterSeconds;
  sendJson(response, status, body, seconds === undefined ? {} : { "retry-after": String(seconds) });
  return true;
}

/** The events of an answer that goes wrong on the way. */
export function failureEvents(
  failure: TranscriptFailure,
  wire: ScriptedWire,
  events: readonly string[],
): readonly string[] {
  // By default, never the end: a short answer would be whole.
  const before = events.slice(0, failure.afterEvents ?? Math.min(defaultEvents(failure), events.length - 1));
  switch (failure.kind) {
    case "garbage":
      return [...before, wire.errorEvent("{this is not JSON")];
    case "error_event": {
      const message = failure.message ?? "The transcript says so.";
      return [...before, wire.errorEvent(JSON.stringify(wire.error(wire.failed, message)))];
    }
    case "cut":
      // Half an event, so that the cut is where nobody expects it.
      return [...before, (events[before.length] ?? "").slice(0, 20)];
    default:
      return before;
  }
}

function defaultEvents({ kind }: TranscriptFailure): number {
  return kind === "cut" || kind === "end" || kind === "error_event" ? 2 : 0;
}

function statusOf(failure: TranscriptFailure, wire: ScriptedWire): number | undefined {
  switch (failure.kind) {
    case "status":
      return failure.status ?? 500;
    case "rate_limited":
      return 429;
    case "overloaded":
      return wire.overloaded;
    default:
      return undefined;
  }
}
