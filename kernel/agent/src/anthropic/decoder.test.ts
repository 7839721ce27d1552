import type { JsonObject, ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { SseParser } from "../sse/sse-parser.ts";
import { AnthropicDecoder } from "./decoder.ts";

function decode(events: readonly JsonObject[]): {
  readonly events: readonly ModelEvent[];
  readonly decoder: AnthropicDecoder;
} {
  const decoder = new AnthropicDecoder({ provider: "local", model: "asked-for" }, (body) => new Error(body));
  const parser = new SseParser(decoder, 1_000_000);
  for (const event of events) parser.push([Buffer.from(`data: ${JSON.stringify(event)}\n\n`)]);
  return { events: decoder.take(), decoder };
}

const start: JsonObject = { type: "message_start", message: { id: "m", model: "x", content: [] } };
const begin = (index: number, block: JsonObject): JsonObject => ({
  type: "content_block_start",
  index,
  content_block: block,
});
const delta = (index: number, fields: JsonObject): JsonObject => ({
  type: "content_block_delta",
  index,
  delta: fields,
});
const call = (fields: JsonObject): JsonObject => ({ type: "tool_use", input: {}, ...fields });
const json = (text: string): JsonObject => ({ type: "input_json_delta", partial_json: text });
const ending: readonly JsonObject[] = [
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
  { type: "message_stop" },
];

describe("servers that imitate Anthropic", () => {
  test("number every block alike", () => {
    const { decoder } = decode([
      start,
      begin(0, { type: "text", text: "" }),
      delta(0, { type: "text_delta", text: "Let me " }),
      delta(0, { type: "text_delta", text: "see." }),
      begin(0, call({ id: "a", name: "x" })),
      delta(0, json('{"q":')),
      delta(0, json("1}")),
      begin(0, call({ id: "b", name: "y" })),
      ...ending,
    ]);

    expect(decoder.finished?.message.parts).toEqual([
      { type: "text", text: "Let me see." },
      { type: "tool_call", id: "a", name: "x", arguments: '{"q":1}' },
      { type: "tool_call", id: "b", name: "y", arguments: "{}" },
    ]);
  });

  test("give calls no id, or their input twice", () => {
    const { decoder, events } = decode([
      start,
      begin(0, call({ name: "x", input: { q: 1 } })),
      delta(0, json('{"q":1}')),
      begin(3, call({ name: "y", input: { q: 2 } })),
      ...ending,
    ]);

    expect(decoder.finished?.message.parts).toEqual([
      { type: "tool_call", id: "call_0", name: "x", arguments: '{"q":1}' },
      { type: "tool_call", id: "call_1", name: "y", arguments: '{"q":2}' },
    ]);
    expect(events.slice(0, -1)).toEqual([
      { type: "tool_call_started", index: 0, id: "call_0", name: "x" },
      { type: "tool_call_delta", index: 0, fragment: '{"q":1}' },
      { type: "tool_call_started", index: 1, id: "call_1", name: "y" },
      { type: "tool_call_delta", index: 1, fragment: '{"q":2}' },
    ]);
  });

  test("are refused when a call has no name", () => {
    expect(() => decode([start, begin(0, call({ id: "a" })), ...ending])).toThrow(
      expect.objectContaining({ code: "model.parse" }),
    );
  });

  test("stop for a reason that is a name of JavaScript's", () => {
    const { decoder } = decode([
      start,
      { type: "message_delta", delta: { stop_reason: "constructor" } },
      { type: "message_stop" },
    ]);

    expect(decoder.finished?.stopReason).toBe("stop");
  });

  test("count as nobody can", () => {
    const usage = { output_tokens: 1e20, input_tokens: -4, output_tokens_details: { thinking_tokens: -1 } };
    const { decoder } = decode([
      start,
      { type: "message_delta", delta: {}, usage },
      { type: "message_stop" },
    ]);

    expect(decoder.finished?.usage).toMatchObject({ inputTokens: 0, outputTokens: 1e12, reasoningTokens: 0 });
  });
});
