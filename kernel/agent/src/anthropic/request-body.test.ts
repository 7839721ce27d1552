import type { MessageCreateParamsStreaming, Tool } from "@anthropic-ai/sdk/resources/messages";
import { userText } from "@tau/core";
import type { Message, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { createAnthropicBodyWriter, toWireTool } from "./request-body.ts";
import type { AnthropicBodyOptions } from "./request-body.ts";

const options: AnthropicBodyOptions = {
  identity: { provider: "anthropic", model: "claude-x" },
  maxOutputTokens: 1000,
  thinking: "adaptive",
  promptCache: true,
};
const read: ToolDefinition = {
  name: "read",
  description: "Reads.",
  inputSchema: { type: "object", properties: {} },
};
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };

function bodyOf(request: ModelRequest, changed: Partial<AnthropicBodyOptions> = {}): unknown {
  return JSON.parse(createAnthropicBodyWriter({ ...options, ...changed })(request));
}

function contentOf(message: Message): unknown {
  return Object(bodyOf({ messages: [message], tools: [] })).messages[0]?.content;
}

describe("Anthropic request bodies", () => {
  test("have the types of the vendor's library", () => {
    toWireTool(read) satisfies Tool;
    const expected = {
      model: "claude-x",
      stream: true,
      max_tokens: 1000,
      cache_control: { type: "ephemeral" },
      stop_sequences: ["END"],
      tool_choice: { type: "any" },
      thinking: { type: "adaptive" },
      output_config: { effort: "medium", format: { type: "json_schema", schema: { type: "object" } } },
      tools: [{ name: "read", description: "Reads.", input_schema: { type: "object", properties: {} } }],
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    } satisfies MessageCreateParamsStreaming;

    expect(
      bodyOf({
        ...plain,
        system: "Be brief.",
        tools: [read],
        toolChoice: "required",
        stopSequences: ["END"],
        temperature: 0.5,
        reasoning: "medium",
        outputSchema: { name: "answer", schema: { type: "object" } },
      }),
    ).toEqual(expected);
  });

  test("ask for thinking as the model understands it", () => {
    const budget = { thinking: "budget" } as const;

    expect(bodyOf({ ...plain, reasoning: "low" }, budget)).toMatchObject({
      max_tokens: 1000 + 2048,
      thinking: { type: "enabled", budget_tokens: 2048 },
    });
    expect(bodyOf({ ...plain, reasoning: "none", temperature: 0 })).toMatchObject({
      thinking: { type: "disabled" },
      temperature: 0,
    });
    expect(bodyOf(plain)).not.toHaveProperty("thinking");
  });

  test("carry thinking back with its signature, and drop thinking that has none", () => {
    expect(
      contentOf({
        role: "assistant",
        parts: [
          { type: "thinking", text: "hm", signature: "sig" },
          { type: "thinking", text: "", redacted: "xyz" },
          { type: "thinking", text: "another provider's" },
          { type: "text", text: "Hi" },
          { type: "text", text: " " },
        ],
      }),
    ).toEqual([
      { type: "thinking", thinking: "hm", signature: "sig" },
      { type: "redacted_thinking", data: "xyz" },
      { type: "text", text: "Hi" },
    ]);
  });

  test("carry tool calls byte for byte, and broken ones as what they were", () => {
    const write = createAnthropicBodyWriter(options);
    const call = (text: string): string =>
      write({
        messages: [
          { role: "assistant", parts: [{ type: "tool_call", id: "c", name: "read", arguments: text }] },
        ],
        tools: [],
      });

    expect(call('{"b": 1,  "a":2}')).toContain('"input":{"b": 1,  "a":2}');
    expect(call('{"b":')).toContain('"input":{"invalid_json":"{\\"b\\":"}');
    expect(call("[1]")).toContain('"input":{"invalid_json":"[1]"}');
  });

  test("carry tool results with pictures and errors", () => {
    expect(
      contentOf({
        role: "tool",
        parts: [
          {
            type: "tool_result",
            callId: "a",
            name: "shot",
            isError: false,
            content: [{ type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } }],
          },
          {
            type: "tool_result",
            callId: "b",
            name: "read",
            isError: true,
            content: [{ type: "text", text: "no" }],
          },
          { type: "tool_result", callId: "c", name: "read", isError: false, content: [] },
        ],
      }),
    ).toEqual([
      {
        type: "tool_result",
        tool_use_id: "a",
        content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }],
      },
      { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "no" }], is_error: true },
      { type: "tool_result", tool_use_id: "c" },
    ]);
  });

  test("carry documents, and refuse what the protocol cannot carry", () => {
    const source = { kind: "base64", data: "aGk=" } as const;

    expect(
      contentOf({
        role: "user",
        parts: [
          { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
          { type: "file", mediaType: "text/markdown", source },
        ],
      }),
    ).toEqual([
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "aGk=" },
        title: "a.pdf",
      },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "hi" } },
    ]);
    for (const part of [
      { type: "audio", mediaType: "audio/wav", source },
      { type: "file", mediaType: "application/zip", source },
    ] as const) {
      expect(() => contentOf({ role: "user", parts: [part] })).toThrow(
        expect.objectContaining({ code: "model.unsupported_content" }),
      );
    }
  });

  test("never hold an empty message", () => {
    expect(contentOf(userText(" "))).toEqual([{ type: "text", text: "(empty)" }]);
    expect(contentOf({ role: "assistant", parts: [{ type: "text", text: "" }] })).toBeUndefined();
  });

  test("begin with the bytes of the request before them", () => {
    const write = createAnthropicBodyWriter(options);
    const messages = [userText("Hi")];
    const first = write({ system: "S", messages, tools: [read] });
    const second = write({ system: "S", messages: [...messages, userText("More")], tools: [read] });

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
  });
});
