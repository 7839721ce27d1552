import type { Json, JsonObject, Usage } from "@tau/core";

import { piecesOf } from "./answer.ts";
import type { Answer } from "./answer.ts";

/** Writes an answer as the events of a Responses stream, each with its framing. */
export function responsesEvents(answer: Answer): readonly string[] {
  const events: string[] = [];
  const send = (type: string, fields: JsonObject): void => {
    const event = { type, sequence_number: events.length, ...fields };
    events.push(`event: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const started = { ...responsesObject(answer), status: "in_progress", output: [], usage: null };
  send("response.created", { response: started });
  for (const [output_index, item] of itemsOf(answer).entries()) {
    const place = { item_id: item.start["id"] ?? null, output_index };
    send("response.output_item.added", { output_index, item: item.start });
    if (item.added !== undefined) {
      send(`response.${item.added}.added`, { ...place, ...item.part, part: item.emptyPart ?? null });
    }
    for (const delta of piecesOf(item.text, answer.chunkChars)) {
      send(`response.${item.delta}.delta`, { ...place, ...item.part, delta });
    }
    send("response.output_item.done", { output_index, item: item.whole });
  }
  send(`response.${statusOf(answer)}`, { response: responsesObject(answer) });
  return events;
}

/** Writes an answer as one Responses object. */
export function responsesObject(answer: Answer): JsonObject {
  const reason = incompleteReason(answer);
  return {
    id: answer.id,
    object: "response",
    created_at: 0,
    model: answer.model,
    status: statusOf(answer),
    incomplete_details: reason === undefined ? null : { reason },
    error: null,
    output: itemsOf(answer).map((item) => item.whole),
    usage: wireUsage(answer.usage),
  };
}

/** One output item: as it begins, what is streamed of it and how, and as it ends. */
interface WireItem {
  readonly start: JsonObject;
  readonly delta: "output_text" | "reasoning_summary_text" | "function_call_arguments";
  /** Where in the item the pieces belong, and the event that makes the place. */
  readonly part: JsonObject;
  readonly added?: "content_part" | "reasoning_summary_part";
  readonly emptyPart?: JsonObject;
  readonly text: string;
  readonly whole: JsonObject;
}

function itemsOf(answer: Answer): readonly WireItem[] {
  const calls = answer.calls.map((call): WireItem => {
    const item = { type: "function_call", id: `fc_${call.id}`, call_id: call.id, name: call.name };
    return {
      start: { ...item, status: "in_progress", arguments: "" },
      delta: "function_call_arguments",
      part: {},
      text: call.arguments,
      whole: { ...item, status: "completed", arguments: call.arguments },
    };
  });
  return [
    ...(answer.thinking === "" ? [] : [thinkingItem(answer)]),
    ...(answer.text === "" ? [] : [messageItem(answer)]),
    ...calls,
  ];
}

function thinkingItem({ id, thinking, signature }: Answer): WireItem {
  const item = { type: "reasoning", id: `rs_${id}` };
  const summary: Json = [{ type: "summary_text", text: thinking }];
  return {
    start: { ...item, summary: [] },
    delta: "reasoning_summary_text",
    part: { summary_index: 0 },
    added: "reasoning_summary_part",
    emptyPart: { type: "summary_text", text: "" },
    text: thinking,
    whole: { ...item, summary, encrypted_content: signature },
  };
}

function messageItem({ id, text }: Answer): WireItem {
  const item = { type: "message", id: `msg_${id}`, role: "assistant" };
  const content: Json = [{ type: "output_text", text, annotations: [] }];
  return {
    start: { ...item, status: "in_progress", content: [] },
    delta: "output_text",
    part: { content_index: 0, logprobs: [] },
    added: "content_part",
    emptyPart: { type: "output_text", text: "", annotations: [] },
    text,
    whole: { ...item, status: "completed", content },
  };
}

function statusOf(answer: Answer): string {
  return incompleteReason(answer) === undefined ? "completed" : "incomplete";
}

function incompleteReason({ stopReason }: Answer): string | undefined {
  if (stopReason === "length") return "max_output_tokens";
  return stopReason === "content_filtered" ? "content_filter" : undefined;
}

function wireUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
