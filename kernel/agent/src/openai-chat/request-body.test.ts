import { userText } from "@tau/core";
import type { Message, ToolDefinition } from "@tau/core";
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from "openai/resources/chat/completions";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { compatibleDialect, openAiDialect, openRouterDialect } from "./dialect.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { toWireMessages } from "./message-fragment.ts";
import { createOpenAiBodyWriter, toWireTool } from "./request-body.ts";

const identity = { provider: "openai", model: "gpt-x" };
const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };

function bodyOf(request: ModelRequest, dialect: OpenAiChatDialect = openAiDialect): unknown {
  return JSON.parse(createOpenAiBodyWriter(dialect, identity)(request));
}

function messageOf(message: Message): unknown {
  return Object(bodyOf({ messages: [message], tools: [] })).messages;
}

const toolRound: readonly Message[] = [
  {
    role: "assistant",
    parts: [
      { type: "thinking", text: "hm", signature: "s" },
      { type: "text", text: "Let me see." },
      { type: "tool_call", id: "c1", name: "read", arguments: '{"path": "a"}' },
      { type: "tool_call", id: "c2", name: "read", arguments: '{"path":' },
    ],
  },
  {
    role: "tool",
    parts: [
      {
        type: "tool_result",
        callId: "c1",
        name: "read",
        content: [{ type: "text", text: "A" }],
        isError: false,
      },
      {
        type: "tool_result",
        callId: "c2",
        name: "read",
        content: [{ type: "text", text: "no" }],
        isError: true,
      },
    ],
  },
];

describe("OpenAI request bodies", () => {
  test("have the types of the vendor's library", () => {
    const messages = toolRound.flatMap((message) => toWireMessages(message, openAiDialect, identity));
    messages.map((message) => message satisfies ChatCompletionMessageParam);
    toWireTool(read) satisfies ChatCompletionTool;
    const expected = {
      model: "gpt-x",
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 100,
      temperature: 0.5,
      stop: ["END"],
      tool_choice: { type: "function", function: { name: "read" } },
      reasoning_effort: "low",
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", schema: { type: "object" }, strict: true },
      },
      tools: [
        {
          type: "function",
          function: { name: "read", description: "Reads.", parameters: { type: "object" } },
        },
      ],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
    } satisfies ChatCompletionCreateParamsStreaming;

    expect(
      bodyOf({
        ...plain,
        system: "Be brief.",
        tools: [read],
        toolChoice: { name: "read" },
        maxOutputTokens: 100,
        temperature: 0.5,
        stopSequences: ["END"],
        reasoning: "low",
        outputSchema: { name: "answer", schema: { type: "object" } },
      }),
    ).toEqual(expected);
  });

  test("carry tool calls and their results, failed ones marked", () => {
    expect(Object(bodyOf({ messages: toolRound, tools: [] })).messages).toEqual([
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "read", arguments: '{"path": "a"}' } },
          { id: "c2", type: "function", function: { name: "read", arguments: '{"path":' } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "A" },
      { role: "tool", tool_call_id: "c2", content: "[tool error] no" },
    ]);
  });

  test("carry pictures, sounds and files", () => {
    const source = { kind: "base64", data: "AAAA" } as const;
    expect(
      messageOf({
        role: "user",
        parts: [
          { type: "text", text: "Look" },
          { type: "image", mediaType: "image/png", source },
          { type: "image", mediaType: "image/png", source: { kind: "url", url: "https://a/b.png" } },
          { type: "audio", mediaType: "audio/mpeg", source },
          { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
          { type: "file", mediaType: "text/plain", name: "a.txt", source: { kind: "base64", data: "aGk=" } },
        ],
      }),
    ).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "image_url", image_url: { url: "https://a/b.png" } },
          { type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } },
          { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
          { type: "text", text: "a.txt:\nhi" },
        ],
      },
    ]);
  });

  test("carry the picture of a tool result in the message after it", () => {
    const content = [
      { type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } },
    ] as const;
    expect(
      messageOf({
        role: "tool",
        parts: [{ type: "tool_result", callId: "c", name: "shot", content, isError: false }],
      }),
    ).toEqual([
      { role: "tool", tool_call_id: "c", content: "[attached in the next message]" },
      {
        role: "user",
        content: [
          { type: "text", text: "Output of tool shot (call c):" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
    ]);
  });

  test("refuse what the protocol cannot carry", () => {
    const source = { kind: "url", url: "https://a/b" } as const;
    for (const part of [
      { type: "audio", mediaType: "audio/wav", source },
      { type: "audio", mediaType: "audio/flac", source: { kind: "base64", data: "AAAA" } },
      { type: "file", mediaType: "application/pdf", source },
    ] as const) {
      expect(() => messageOf({ role: "user", parts: [part] })).toThrow(
        expect.objectContaining({ code: "model.unsupported_content", class: "permanent" }),
      );
    }
  });

  test("leave out an assistant that said nothing", () => {
    expect(messageOf({ role: "assistant", parts: [{ type: "thinking", text: "hm" }] })).toEqual([]);
  });

  test("follow the dialect", () => {
    const request: ModelRequest = { ...plain, maxOutputTokens: 5, reasoning: "high" };
    const thinking: Message = {
      role: "assistant",
      parts: [
        { type: "thinking", text: "hm" },
        { type: "text", text: "a" },
      ],
    };

    expect(bodyOf(request, compatibleDialect)).toMatchObject({ max_tokens: 5, reasoning_effort: "high" });
    expect(bodyOf(request, openRouterDialect)).toMatchObject({ reasoning: { effort: "high" } });
    expect(bodyOf(request, { ...compatibleDialect, streamUsage: false })).not.toHaveProperty(
      "stream_options",
    );
    expect(
      bodyOf(
        { messages: [thinking], tools: [] },
        { ...compatibleDialect, reasoningReturnField: "reasoning_content" },
      ),
    ).toMatchObject({ messages: [{ content: "a", reasoning_content: "hm" }] });
  });

  test("begin with the bytes of the request before them, and serialise a message once", () => {
    const write = createOpenAiBodyWriter(openAiDialect, identity);
    let serialised = 0;
    const counted = {
      ...userText("Hi"),
      get parts() {
        serialised++;
        return [{ type: "text", text: "Hi" }] as const;
      },
    };
    const first = write({ system: "S", messages: [counted], tools: [read] });
    const second = write({ system: "S", messages: [counted, ...toolRound], tools: [read] });

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
    expect(serialised).toBe(1);
  });
});
