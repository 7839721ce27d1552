import { textOf, toolCallsOf } from "@tau/core";
import type { JsonObject, Message, ModelFinished, ToolCallPart } from "@tau/core";

import type { Known } from "../capabilities.ts";
import type { ModelRequest } from "../model.ts";

/** What can be measured of a model, in the order in which it is. */
export const probeNames = [
  "answer",
  "usage",
  "streaming",
  "system",
  "sampling",
  "stop",
  "max_output",
  "tools",
  "parallel_tools",
  "forced_tools",
  "json_mode",
  "strict_schema",
  "tools_with_schema",
  "reasoning",
  "reasoning_with_tools",
  "vision",
  "prompt_cache",
  "embeddings",
] as const;

/** A word of {@link probeNames}. */
export type ProbeName = (typeof probeNames)[number];

/** An answer, and how it came. */
export interface ProbedAnswer {
  readonly finished: ModelFinished;
  readonly text: string;
  readonly calls: readonly ToolCallPart[];
  /** Pieces of text and of thinking that arrived one by one. */
  readonly textDeltas: number;
  readonly thinkingDeltas: number;
}

/** What an answer shows. */
export interface Judgement {
  readonly verdict: Known;
  /** For people: what was seen; a phrase without a full stop. */
  readonly detail: string;
}

/** One thing to ask, and what the answer to it shows. */
export interface ProbeCheck {
  readonly name: ProbeName;
  readonly request: ModelRequest;
  /** How often the same is asked; the last answer is judged. Default 1. */
  readonly times?: number;
  readonly judge: (answer: ProbedAnswer) => Judgement;
}

/** Tokens for an answer: enough to think first, and no more than a few cents. */
const answerTokens = 2_000;

/** A request with one question. */
export function ask(text: string, more: Partial<ModelRequest> = {}): ModelRequest {
  const message: Message = { role: "user", parts: [{ type: "text", text }] };
  return { messages: [message], tools: [], maxOutputTokens: answerTokens, ...more };
}

/** Puts an answer and the number of its pieces together. */
export function toProbedAnswer(
  finished: ModelFinished,
  pieces: { readonly textDeltas: number; readonly thinkingDeltas: number },
): ProbedAnswer {
  const { message } = finished;
  return { finished, text: textOf(message).trim(), calls: toolCallsOf(message), ...pieces };
}

/** Something that was seen, or else was not. */
export function seen(was: boolean, yes: string, no: string): Judgement {
  return was ? { verdict: "yes", detail: yes } : { verdict: "no", detail: no };
}

/** The beginning of an answer, in quotes. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Field of the request's body that asks for some JSON, by protocol; none where a protocol has no such mode. */
export const jsonModes: Readonly<Record<string, JsonObject>> = {
  "openai-chat": { response_format: { type: "json_object" } },
  "openai-responses": { text: { format: { type: "json_object" } } },
  gemini: { generationConfig: { responseMimeType: "application/json" } },
  ollama: { format: "json" },
};
