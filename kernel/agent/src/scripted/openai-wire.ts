import type { JsonObject, StopReason, Usage } from "@tau/core";

import { piecesOf } from "./answer.ts";
import type { Answer } from "./answer.ts";
import type { WireRequest } from "./wire-request.ts";

const finishReasons: Readonly<Record<StopReason, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  stop_sequence: "stop",
  content_filtered: "content_filter",
  pause: "stop",
};

/** Writes an answer as the events of a Chat Completions stream, each with its framing. */
export function openAiEvents(answer: Answer, request: WireRequest): readonly string[] {
  const head = { id: answer.id, object: "chat.completion.chunk", created: 0, model: answer.model };
  const chunk = (delta: JsonObject, finishReason: string | null = null): string =>
    frame({ ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] });
  const events = [chunk({ role: "assistant", content: "" })];
  for (const piece of piecesOf(answer.thinking, answer.chunkChars)) {
    events.push(chunk({ reasoning_content: piece }));
  }
  for (const piece of piecesOf(answer.text, answer.chunkChars)) events.push(chunk({ content: piece }));
  for (const [index, call] of answer.calls.entries()) {
    const start = { index, id: call.id, type: "function", function: { name: call.name, arguments: "" } };
    events.push(chunk({ tool_calls: [start] }));
    for (const piece of piecesOf(call.arguments, answer.chunkChars)) {
      events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  }
  events.push(chunk({}, finishReasons[answer.stopReason]));
  if (request.includeUsage) events.push(frame({ ...head, choices: [], usage: wireUsage(answer.usage) }));
  events.push("data: [DONE]\n\n");
  return events;
}

/** Writes an answer as one Chat Completions object. */
export function openAiObject(answer: Answer): JsonObject {
  const calls = answer.calls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
  const message = {
    role: "assistant",
    content: answer.text === "" ? null : answer.text,
    refusal: null,
    ...(answer.thinking === "" ? {} : { reasoning_content: answer.thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return {
    id: answer.id,
    object: "chat.completion",
    created: 0,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[answer.stopReason] }],
    usage: wireUsage(answer.usage),
  };
}

/** Writes an error in the protocol's words. */
export function openAiError(status: number, message: string): JsonObject {
  const type =
    status === 429 ? "rate_limit_exceeded" : status < 500 ? "invalid_request_error" : "server_error";
  return { error: { message, type, param: null, code: null } };
}

function wireUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

function frame(chunk: JsonObject): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
