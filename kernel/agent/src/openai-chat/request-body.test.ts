import { userText } from "@tau/core";
import type { JsonObject, Message, ProviderData, ToolDefinition } from "@tau/core";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import { compatibleDialect, openAiDialect } from "./dialect.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { dialectOf, findProvider, openRouterDialect } from "./providers.ts";
import { createOpenAiBodyWriter } from "./request-body.ts";

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
    const expected = {
      model: "gpt-x",
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      stop: ["END"],
      tool_choice: { type: "function", function: { name: "read" } },
      reasoning_effort: "low",
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", schema: { type: "object" }, strict: false },
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
        topP: 0.9,
        seed: 7,
        stopSequences: ["END"],
        reasoning: "low",
        outputSchema: { name: "answer", schema: { type: "object" } },
      }),
    ).toEqual(expected);
  });

  test("ask for one JSON text where nobody reads along, and then for no usage at its end", () => {
    const body = bodyOf({ ...plain, delivery: "whole" });

    expect(body).toEqual({ model: "gpt-x", stream: false, messages: [{ role: "user", content: "Hi" }] });
    expect(bodyOf({ ...plain, delivery: "stream" })).toEqual(bodyOf(plain));
  });

  test("are valid in the eyes of the vendor's library, whatever they carry", () => {
    const source = { kind: "base64", data: "AAAA" } as const;
    const body = bodyOf({
      system: "Be brief.",
      tools: [read],
      providerTools: [{ protocol: "openai-chat", data: { type: "custom", custom: { name: "sql" } } }],
      toolChoice: "required",
      maxOutputTokens: 1,
      temperature: 0,
      topP: 1,
      seed: 1,
      stopSequences: ["END"],
      reasoning: "none",
      outputSchema: { name: "answer", schema: { type: "object" }, strict: false },
      messages: [
        {
          role: "user",
          parts: [
            { type: "text", text: "Look" },
            { type: "image", mediaType: "image/png", source },
            { type: "audio", mediaType: "audio/wav", source },
            { type: "file", mediaType: "application/pdf", name: "a.pdf", source },
          ],
        },
        ...toolRound,
        userText("Thanks"),
      ],
      providerOptions: { "openai-chat": { service_tier: "flex" } },
    });

    expect(schemaErrors("openai-chat", body)).toEqual([]);
    expect(schemaErrors("openai-chat", { ...Object(body), max_output_tokens: 1 })).not.toEqual([]);
  });

  test("carry tool calls and their results, failed ones marked", () => {
    expect(Object(bodyOf({ messages: toolRound, tools: [] })).messages).toEqual([
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "read", arguments: '{"path": "a"}' } },
          // Servers that read arguments would refuse the whole conversation for these.
          {
            id: "c2",
            type: "function",
            function: { name: "read", arguments: String.raw`{"invalid_json":"{\"path\":"}` },
          },
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

    expect(bodyOf(request, compatibleDialect)).toMatchObject({ max_tokens: 5, reasoning_effort: "high" });
    expect(bodyOf(request, openRouterDialect)).toMatchObject({ reasoning: { effort: "high" } });
    expect(bodyOf(request, { ...compatibleDialect, streamUsage: false })).not.toHaveProperty(
      "stream_options",
    );
    const mistral = bodyOf(
      { ...request, tools: [read], toolChoice: "required", seed: 7 },
      dialectOf(findProvider("mistral")),
    );
    expect(mistral).toMatchObject({ tool_choice: "any", random_seed: 7, reasoning_effort: "high" });
    expect(mistral).not.toHaveProperty("seed");
    const perplexity = bodyOf({ ...request, seed: 7 }, dialectOf(findProvider("perplexity")));
    expect(perplexity).not.toHaveProperty("reasoning_effort");
    expect(perplexity).not.toHaveProperty("seed");
    const deepSeek = dialectOf(findProvider("deepseek"));
    expect(bodyOf({ ...plain, reasoning: "none" }, deepSeek)).toMatchObject({
      thinking: { type: "disabled" },
    });
    expect(bodyOf({ ...plain, reasoning: "medium" }, dialectOf(findProvider("zai")))).toMatchObject({
      thinking: { type: "enabled", clear_thinking: false },
      reasoning_effort: "high",
      tool_stream: true,
    });
  });

  test("tell the schema of the answer in words where the protocol has no place for it", () => {
    const outputSchema = { name: "answer", schema: { type: "object", required: ["a"] } } as const;
    const body = bodyOf({ ...plain, system: "Be brief.", outputSchema }, dialectOf(findProvider("zai")));

    expect(body).toMatchObject({
      response_format: { type: "json_object" },
      messages: [
        { role: "system", content: expect.stringMatching(/^Be brief\.\n\n.*JSON.*"required":\["a"\]/s) },
        {},
      ],
    });
    const none = bodyOf({ ...plain, outputSchema }, { ...compatibleDialect, structuredOutput: "none" });
    expect(none).not.toHaveProperty("response_format");
    expect(none).toMatchObject({ messages: [{ role: "system" }, {}] });
  });

  test("send thinking back in the form of the dialect", () => {
    const thinking: Message = {
      role: "assistant",
      parts: [
        { type: "thinking", text: "hm" },
        { type: "text", text: "a" },
      ],
    };
    const sent = (dialect: OpenAiChatDialect): unknown =>
      Object(bodyOf({ messages: [thinking], tools: [] }, dialect)).messages[0];

    expect(sent(openAiDialect)).toEqual({ role: "assistant", content: "a" });
    expect(sent(dialectOf(findProvider("deepseek")))).toEqual({
      role: "assistant",
      content: "a",
      reasoning_content: "hm",
    });
    expect(sent(dialectOf(findProvider("mistral")))).toEqual({
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
        { type: "text", text: "a" },
      ],
    });
  });

  test("send back what a provider wants back, to nobody else", () => {
    const details = [{ type: "reasoning.encrypted", data: "gAAA", index: 0 }];
    const fields = (data: JsonObject): ProviderData => ({
      protocol: "openai-chat",
      data: { provider: "openrouter", fields: data },
    });
    const answer: Message = {
      role: "assistant",
      parts: [
        { type: "thinking", text: "hm", providerData: fields({ reasoning_details: details }) },
        {
          type: "tool_call",
          id: "c",
          name: "x",
          arguments: "{}",
          providerData: fields({ extra_content: { google: { thought_signature: "s" } } }),
        },
        { type: "provider_item", kind: "executed_tools", providerData: fields({}) },
      ],
    };
    const sentTo = (provider: string): unknown =>
      JSON.parse(
        createOpenAiBodyWriter(openRouterDialect, { provider, model: "m" })({
          messages: [answer],
          tools: [],
        }),
      ).messages;
    const call = { id: "c", type: "function", function: { name: "x", arguments: "{}" } };

    expect(sentTo("openrouter")).toEqual([
      {
        role: "assistant",
        content: null,
        reasoning_details: details,
        tool_calls: [{ ...call, extra_content: { google: { thought_signature: "s" } } }],
      },
    ]);
    expect(sentTo("other")).toEqual([
      { role: "assistant", content: null, reasoning: "hm", tool_calls: [call] },
    ]);
  });

  test("carry the provider's own tools and options, which win", () => {
    const search = { protocol: "openai-chat", data: { type: "web_search" } };
    const body = bodyOf({
      ...plain,
      tools: [read],
      providerTools: [search],
      toolChoice: "auto",
      temperature: 1,
      providerOptions: { "openai-chat": { temperature: 0, top_k: 3 }, anthropic: { top_k: 9 } },
    });

    expect(body).toMatchObject({ tools: [{}, { type: "web_search" }], temperature: 0, top_k: 3 });
    expect(() => bodyOf({ ...plain, providerTools: [{ ...search, protocol: "gemini" }] })).toThrow(
      expect.objectContaining({ code: "model.unsupported_content" }),
    );
  });

  test("begin with the bytes of the request before them, and serialise a message of a conversation once", () => {
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
    const alone = serialised;
    const messages = [counted, ...toolRound];
    const second = write({ system: "S", messages, tools: [read] });
    write({ system: "S", messages: [...messages, userText("Go on")], tools: [read] });

    expect(second.startsWith(first.slice(0, -2))).toBe(true);
    expect(serialised - alone).toBe(1);
  });
});
