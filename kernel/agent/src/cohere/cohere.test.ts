import { userText } from "@tau/core";
import type { JsonObject, Message, ModelEvent, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { CohereDecoder } from "./decoder.ts";
import { createCohereBodyWriter } from "./request-body.ts";

const identity = { provider: "cohere", model: "command-a" };
const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const write: ToolDefinition = { ...read, name: "write" };
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };

function bodyOf(request: ModelRequest): unknown {
  return JSON.parse(createCohereBodyWriter(identity)(request));
}

function messagesOf(...messages: readonly Message[]): unknown {
  return Object(bodyOf({ messages, tools: [] })).messages;
}

function decode(...events: readonly JsonObject[]) {
  const decoder = new CohereDecoder(identity, (body) => new Error(body));
  const parser = new SseParser(decoder, 1_000_000);
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  parser.push([Buffer.from(text)]);
  const told: readonly ModelEvent[] = decoder.take();
  return { events: told, finished: decoder.finished };
}

const start = { type: "message-start", id: "m1" };
const end = (fields: JsonObject = {}): JsonObject => ({
  type: "message-end",
  delta: { finish_reason: "COMPLETE", ...fields },
});
const inside = (type: string, message: JsonObject, index = 0): JsonObject => ({
  type,
  index,
  delta: { message },
});

describe("Cohere's request bodies", () => {
  test("carry what a request says in Cohere's words", () => {
    expect(
      bodyOf({
        ...plain,
        system: "Be brief.",
        tools: [read],
        toolChoice: "required",
        maxOutputTokens: 5,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stopSequences: ["END"],
        reasoning: "low",
        outputSchema: { name: "a", schema: { type: "object" } },
        providerOptions: { cohere: { documents: [], k: 3 } },
      }),
    ).toEqual({
      model: "command-a",
      stream: true,
      max_tokens: 5,
      temperature: 0.5,
      p: 0.9,
      seed: 7,
      stop_sequences: ["END"],
      tool_choice: "REQUIRED",
      thinking: { type: "enabled" },
      response_format: { type: "json_object", json_schema: { type: "object" } },
      documents: [],
      k: 3,
      tools: [
        {
          type: "function",
          function: { name: "read", description: "Reads.", parameters: { type: "object" } },
        },
      ],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: "Hi" }] },
      ],
    });
  });

  test("demand a tool by its name by offering no other", () => {
    expect(bodyOf({ ...plain, tools: [read, write], toolChoice: { name: "write" } })).toMatchObject({
      tool_choice: "REQUIRED",
      tools: [{ function: { name: "write" } }],
    });
    expect(bodyOf({ ...plain, tools: [read], toolChoice: "none", reasoning: "none" })).toMatchObject({
      tool_choice: "NONE",
      thinking: { type: "disabled" },
    });
    expect(bodyOf({ ...plain, tools: [read], toolChoice: "auto" })).not.toHaveProperty("tool_choice");
  });

  test("carry plans, calls and results back, failed ones marked", () => {
    const { finished } = decode(
      start,
      inside("tool-plan-delta", { tool_plan: "I will read." }),
      inside("tool-call-start", { tool_calls: { id: "c1", function: { name: "read", arguments: "" } } }),
      inside("tool-call-delta", { tool_calls: { function: { arguments: '{"a":1}' } } }),
      end({ finish_reason: "TOOL_CALL" }),
    );
    const answer = finished?.message ?? { role: "assistant", parts: [] };
    const content = [{ type: "text", text: "no" }] as const;

    expect(finished?.stopReason).toBe("tool_calls");
    expect(
      messagesOf(answer, {
        role: "tool",
        parts: [{ type: "tool_result", callId: "c1", name: "read", content, isError: true }],
      }),
    ).toEqual([
      {
        role: "assistant",
        tool_plan: "I will read.",
        tool_calls: [{ id: "c1", type: "function", function: { name: "read", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "[tool error] no" },
    ]);
    expect(messagesOf({ role: "assistant", parts: [{ type: "thinking", text: "hm" }] })).toEqual([]);
  });

  test("carry pictures and text files, and refuse what the protocol cannot carry", () => {
    const source = { kind: "base64", data: "aGk=" } as const;
    const picture = { type: "image", mediaType: "image/png", source } as const;
    const file = { type: "file", mediaType: "text/plain", name: "a.txt", source } as const;

    expect(messagesOf({ role: "user", parts: [picture, file] })).toEqual([
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
          { type: "text", text: "a.txt:\nhi" },
        ],
      },
    ]);
    const refused: readonly ModelRequest[] = [
      { ...plain, messages: [{ role: "user", parts: [{ ...file, mediaType: "application/pdf" }] }] },
      {
        ...plain,
        messages: [
          {
            role: "tool",
            parts: [{ type: "tool_result", callId: "c", name: "x", content: [picture], isError: false }],
          },
        ],
      },
      { ...plain, providerTools: [{ protocol: "anthropic", data: {} }] },
    ];
    for (const request of refused) {
      expect(() => bodyOf(request)).toThrow(expect.objectContaining({ code: "model.unsupported_content" }));
    }
  });
});

describe("CohereDecoder", () => {
  test("names the sources of what is said", () => {
    const document = { id: "doc:0", title: "A", text: "words", url: "https://a" };
    const cite = (fields: JsonObject): JsonObject =>
      inside("citation-start", { citations: { start: 2, end: 3, ...fields } });
    const { finished } = decode(
      start,
      inside("content-delta", { content: { text: "🎉 b" } }),
      cite({
        sources: [
          { type: "document", id: "doc:0", document },
          { type: "tool", id: "c1:0" },
        ],
      }),
      end(),
    );

    expect(finished?.message.parts).toEqual([
      {
        type: "text",
        text: "🎉 b",
        citations: [
          { url: "https://a", title: "A", quote: "words", start: 3, end: 4 },
          { title: "c1:0", start: 3, end: 4 },
        ],
      },
    ]);
  });

  test("reads many pieces of a block by the shortcut, and thinking beside it", () => {
    const piece = (text: string): JsonObject => inside("content-delta", { content: { text } }, 1);
    const { events, finished } = decode(
      start,
      inside("content-start", { content: { type: "thinking", thinking: "" } }),
      inside("content-delta", { content: { thinking: "hm" } }),
      inside("content-start", { content: { type: "text", text: "" } }, 1),
      ...["a", "b", "c"].map(piece),
      end(),
    );

    expect(events.map((event) => ("text" in event ? event.text : ""))).toEqual(["hm", "a", "b", "c", ""]);
    expect(finished?.message.parts).toEqual([
      { type: "thinking", text: "hm" },
      { type: "text", text: "abc" },
    ]);
  });

  test.each<readonly [readonly JsonObject[], RegExp]>([
    [[end()], /not this protocol/],
    [[start, start], /not this protocol/],
    [[start, end({ finish_reason: "ERROR", error: "Broken" })], /Broken/],
    [[start, end({ finish_reason: "constructor" })], /constructor/],
    [[start, { message: "slow down" }], /slow down/],
    [[start, inside("tool-call-start", { tool_calls: { id: "c" } }), end()], /not this protocol/],
  ])("refuses %j", (events, message) => {
    expect(() => decode(...events)).toThrow(message);
  });
});
