import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, StopReason, Usage } from "@tau/core";

import { piecesOf } from "./answer.ts";
import type { Answer } from "./answer.ts";

const stopReasons: Readonly<Record<StopReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  stop_sequence: "stop_sequence",
  content_filtered: "refusal",
  pause: "pause_turn",
};

/** Writes an answer as the events of a Messages stream, each with its framing. */
export function anthropicEvents(answer: Answer): readonly string[] {
  const { chunkChars: size } = answer;
  const message = { ...shell(answer), content: [], stop_reason: null, stop_sequence: null };
  const usage = { ...wireUsage(answer.usage), output_tokens: 1 };
  const events = [frame({ type: "message_start", message: { ...message, usage } })];
  let index = 0;
  const block = (start: JsonObject, deltas: readonly JsonObject[]): void => {
    events.push(frame({ type: "content_block_start", index, content_block: start }));
    for (const delta of deltas) events.push(frame({ type: "content_block_delta", index, delta }));
    events.push(frame({ type: "content_block_stop", index }));
    index++;
  };
  if (answer.thinking !== "") {
    const deltas = piecesOf(answer.thinking, size).map((thinking) => ({ type: "thinking_delta", thinking }));
    const signature = { type: "signature_delta", signature: answer.signature };
    block({ type: "thinking", thinking: "", signature: "" }, [...deltas, signature]);
  }
  if (answer.text !== "") {
    const deltas = piecesOf(answer.text, size).map((text) => ({ type: "text_delta", text }));
    block({ type: "text", text: "" }, deltas);
  }
  for (const call of answer.calls) {
    const pieces = piecesOf(call.arguments, size);
    const deltas = pieces.map((piece) => ({ type: "input_json_delta", partial_json: piece }));
    block({ type: "tool_use", id: call.id, name: call.name, input: {} }, deltas);
  }
  const end = { stop_reason: stopReasons[answer.stopReason], stop_sequence: null };
  events.push(frame({ type: "message_delta", delta: end, usage: wireUsage(answer.usage) }));
  events.push(frame({ type: "message_stop" }));
  return events;
}

/** Writes an answer as one Messages object. */
export function anthropicObject(answer: Answer): JsonObject {
  const content: JsonObject[] = [];
  if (answer.thinking !== "") {
    content.push({ type: "thinking", thinking: answer.thinking, signature: answer.signature });
  }
  if (answer.text !== "") content.push({ type: "text", text: answer.text });
  for (const call of answer.calls) {
    const parsed = parseJson(call.arguments);
    const input = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
    content.push({ type: "tool_use", id: call.id, name: call.name, input });
  }
  return {
    ...shell(answer),
    content,
    stop_reason: stopReasons[answer.stopReason],
    stop_sequence: null,
    usage: wireUsage(answer.usage),
  };
}

/** Writes an error in the protocol's words. */
export function anthropicError(status: number, message: string): JsonObject {
  const types: Readonly<Record<number, string>> = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
  };
  return { type: "error", error: { type: types[status] ?? "api_error", message } };
}

function shell(answer: Answer): JsonObject {
  return { id: answer.id, type: "message", role: "assistant", model: answer.model };
}

function wireUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  };
}

function frame(event: JsonObject & { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
