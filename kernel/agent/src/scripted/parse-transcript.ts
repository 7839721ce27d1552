import { isJsonObject, parseJson } from "@tau/core";
import type { Json } from "@tau/core";

import { integer, invalidField, listOf, oneOf, record, text } from "./check.ts";
import type { Check } from "./check.ts";
import type { Transcript } from "./transcript.ts";

const toolArguments: Check = (value, path) => {
  if (typeof value !== "string" && !isJsonObject(value)) {
    throw invalidField(path, "must be an object, or a string with the exact text to send");
  }
};

const turn = record({
  thinking: text,
  signature: text,
  text,
  toolCalls: listOf(record({ name: text, arguments: toolArguments, id: text }, ["name", "arguments"])),
  stopReason: oneOf(["stop", "length", "tool_calls", "stop_sequence", "content_filtered", "pause"]),
  usage: record({
    inputTokens: integer(0),
    outputTokens: integer(0),
    cacheReadTokens: integer(0),
    cacheWriteTokens: integer(0),
    reasoningTokens: integer(0),
  }),
  firstDelayMs: integer(0),
  delayMs: integer(0),
  chunkChars: integer(1),
  expect: record({
    lastToolResultContains: text,
    lastUserContains: text,
    systemContains: text,
    tools: listOf(text),
  }),
  failure: record(
    {
      kind: oneOf([
        "status",
        "overloaded",
        "rate_limited",
        "reset",
        "stall",
        "cut",
        "end",
        "garbage",
        "error_event",
      ]),
      status: integer(300),
      message: text,
      retryAfterSeconds: integer(0),
      afterEvents: integer(0),
      times: integer(1),
    },
    ["kind"],
  ),
});

const transcript = record({
  model: text,
  turns: listOf(turn),
  conversations: listOf(record({ match: text, turns: listOf(turn) }, ["match", "turns"])),
});

/**
 * Reads a transcript out of JSON text.
 *
 * @throws TauError `transcript.invalid`, naming the field
 */
export function parseTranscript(json: string): Transcript {
  const parsed = parseJson(json);
  if (!parsed.ok) throw invalidField("", `is not JSON: ${parsed.reason}`);
  const { value } = parsed;
  assertTranscript(value);
  return value;
}

/**
 * Checks that a value is a transcript.
 *
 * @throws TauError `transcript.invalid`, naming the field
 */
export function assertTranscript(value: unknown): asserts value is Transcript {
  // A transcript is JSON; a round trip makes it so, or throws for what cannot be.
  const json: Json = JSON.parse(JSON.stringify(value ?? null));
  transcript(json, "");
  if (!isJsonObject(json) || (json["turns"] === undefined && json["conversations"] === undefined)) {
    throw invalidField("", "needs `turns`, `conversations` or both");
  }
}
