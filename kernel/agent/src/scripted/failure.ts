import type { ServerResponse } from "node:http";

import { anthropicError } from "./anthropic-wire.ts";
import { openAiError } from "./openai-wire.ts";
import { sendJson } from "./send.ts";
import type { TranscriptFailure } from "./transcript.ts";
import type { ScriptedProtocol } from "./wire-request.ts";

/** Fails instead of answering; false for a failure that happens inside the answer. */
export function failBeforeAnswer(
  failure: TranscriptFailure,
  protocol: ScriptedProtocol,
  response: ServerResponse,
): boolean {
  if (failure.kind === "reset") {
    response.destroy();
    return true;
  }
  const status = statusOf(failure, protocol);
  if (status === undefined) return false;
  const message = failure.message ?? "The transcript says so.";
  const body = protocol === "anthropic" ? anthropicError(status, message) : openAiError(status, message);
  const seconds = failure.retryAfterSeconds;
  sendJson(response, status, body, seconds === undefined ? {} : { "retry-after": String(seconds) });
  return true;
}

/** The events of an answer that goes wrong on the way. */
export function failureEvents(
  failure: TranscriptFailure,
  protocol: ScriptedProtocol,
  events: readonly string[],
): readonly string[] {
  const before = events.slice(0, failure.afterEvents ?? defaultEvents(failure));
  switch (failure.kind) {
    case "garbage":
      return [...before, "data: {this is not JSON\n\n"];
    case "error_event": {
      const message = failure.message ?? "The transcript says so.";
      const body = JSON.stringify(
        protocol === "anthropic" ? anthropicError(529, message) : openAiError(500, message),
      );
      return [...before, protocol === "anthropic" ? `event: error\ndata: ${body}\n\n` : `data: ${body}\n\n`];
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

function statusOf(failure: TranscriptFailure, protocol: ScriptedProtocol): number | undefined {
  switch (failure.kind) {
    case "status":
      return failure.status ?? 500;
    case "rate_limited":
      return 429;
    case "overloaded":
      return protocol === "anthropic" ? 529 : 503;
    default:
      return undefined;
  }
}
