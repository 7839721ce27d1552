import type { JsonObject } from "@tau/core";

import { anthropicError, anthropicEvents, anthropicObject } from "./anthropic-wire.ts";
import type { Answer } from "./answer.ts";
import { geminiError, geminiEvents, geminiObject } from "./gemini-wire.ts";
import { ollamaError, ollamaEvents, ollamaObject } from "./ollama-wire.ts";
import { openAiError, openAiEvents, openAiObject } from "./openai-wire.ts";
import { responsesEvents, responsesObject } from "./responses-wire.ts";
import type { ScriptedProtocol, WireRequest } from "./wire-request.ts";

/** How an answer is written in one protocol. */
export interface ScriptedWire {
  /** Of a stream. */
  readonly contentType: string;
  /** The events of a stream, each with its framing. */
  readonly events: (answer: Answer, request: WireRequest) => readonly string[];
  readonly object: (answer: Answer) => JsonObject;
  readonly error: (status: number, message: string) => JsonObject;
  /** The text of an error as an event of the stream. */
  readonly errorEvent: (error: string) => string;
  /** The status of an overloaded provider. */
  readonly overloaded: number;
  /** The status of an error inside a stream, where its words depend on it. */
  readonly failed: number;
}

const usual = { overloaded: 503, failed: 500 };
const sse = {
  contentType: "text/event-stream",
  errorEvent: (error: string) => `data: ${error}\n\n`,
  ...usual,
};

/** How an answer is written in each protocol. */
export const wires: Readonly<Record<ScriptedProtocol, ScriptedWire>> = {
  openai: {
    ...sse,
    events: openAiEvents,
    object: openAiObject,
    error: openAiError,
  },
  responses: {
    ...sse,
    events: responsesEvents,
    object: responsesObject,
    error: openAiError,
  },
  anthropic: {
    ...sse,
    errorEvent: (error) => `event: error\ndata: ${error}\n\n`,
    events: anthropicEvents,
    object: anthropicObject,
    error: anthropicError,
    overloaded: 529,
    failed: 529,
  },
  gemini: {
    ...sse,
    events: geminiEvents,
    object: geminiObject,
    error: geminiError,
  },
  ollama: {
    ...usual,
    contentType: "application/x-ndjson",
    errorEvent: (error) => `${error}\n`,
    events: ollamaEvents,
    object: ollamaObject,
    error: ollamaError,
  },
};
