import type { JsonObject, ModelEvent, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { NdjsonParser } from "../ndjson/ndjson-parser.ts";
import { OllamaDecoder } from "./decoder.ts";

function decode(...lines: readonly JsonObject[]): {
  readonly events: readonly ModelEvent[];
  readonly finished: ModelFinished | undefined;
} {
  const decoder = createDecoder();
  new NdjsonParser(decoder, 1_000_000).push(lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`)));
  decoder.end();
  return { events: decoder.take(), finished: decoder.finished };
}

function createDecoder(): OllamaDecoder {
  return new OllamaDecoder({ provider: "ollama", model: "m" }, (body) => new Error(body));
}

const calls = (...tool_calls: readonly JsonObject[]): JsonObject => ({
  created_at: "2026-01-02T03:04:05.678Z",
  message: { role: "assistant", content: "", tool_calls },
  done: false,
});
const done = { message: { role: "assistant", content: "" }, done: true };

describe("OllamaDecoder", () => {
  test("tells of calls as they come, and names those that have no id", () => {
    const add = { name: "add", arguments: { a: 1 } };
    const { events, finished } = decode(
      calls({ id: "call_x", function: { index: 0, ...add } }),
      calls(
        { function: add },
        { function: { name: "now" } },
        { function: { name: "raw", arguments: '{"b":2}' } },
      ),
      { ...done, done_reason: "stop", prompt_eval_count: 3, eval_count: 4 },
    );

    expect(finished).toMatchObject({
      message: {
        parts: [
          { type: "tool_call", id: "call_x", name: "add", arguments: '{"a":1}' },
          { type: "tool_call", id: "call_20260102T030405678Z_1", name: "add", arguments: '{"a":1}' },
          { type: "tool_call", id: "call_20260102T030405678Z_2", name: "now", arguments: "{}" },
          { type: "tool_call", id: "call_20260102T030405678Z_3", name: "raw", arguments: '{"b":2}' },
        ],
      },
      stopReason: "tool_calls",
      usage: { inputTokens: 3, outputTokens: 4 },
      model: "m",
    });
    expect(events.slice(0, 2)).toEqual([
      { type: "tool_call_started", index: 0, id: "call_x", name: "add" },
      { type: "tool_call_delta", index: 0, fragment: '{"a":1}' },
    ]);
  });

  test.each([
    [undefined, "stop"],
    ["stop", "stop"],
    ["length", "length"],
    ["load", "stop"],
  ])("takes the reason %s for %s", (done_reason, stopReason) => {
    const line = { ...done, ...(done_reason === undefined ? {} : { done_reason }) };

    expect(decode(line).finished?.stopReason).toBe(stopReason);
  });

  test.each(["a_word_of_tomorrow", "constructor"])("does not take %s for an answer", (done_reason) => {
    expect(() => decode({ ...done, done_reason })).toThrow(
      expect.objectContaining({ code: "model.truncated" }),
    );
  });

  test("throws an error inside the stream", () => {
    expect(() => decode({ error: "model runner has unexpectedly stopped" })).toThrow("unexpectedly stopped");
  });

  test("refuses a call without a name, and what is no answer of the protocol", () => {
    const parse = expect.objectContaining({ code: "model.parse" });

    expect(() => decode(calls({ function: { arguments: {} } }))).toThrow(parse);
    expect(() => createDecoder().readAnswer({ choices: [] })).toThrow(parse);
    expect(() => createDecoder().readAnswer([])).toThrow(parse);
  });

  test("hears nothing behind the end", () => {
    expect(decode(done, { message: { content: "more" }, done: false }).events).toHaveLength(1);
  });
});
