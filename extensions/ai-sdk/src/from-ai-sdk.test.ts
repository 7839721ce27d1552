import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { completeAnswer } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import { createCallContext, userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import { fromAiSdk } from "./from-ai-sdk.ts";

const principal = { id: "ada", kind: "person", scopes: [] } as const;
const context = (): CallContext => createCallContext({ tenant: "acme", principal });
const question: ModelRequest = { messages: [userText("Time?")], tools: [] };
const usage = {
  inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};

/** A model that streams these parts and keeps what it was asked. */
function streaming(parts: readonly LanguageModelV4StreamPart[]) {
  const asked: LanguageModelV4CallOptions[] = [];
  const model: LanguageModelV4 = {
    specificationVersion: "v4",
    provider: "test.chat",
    modelId: "test-1",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("not asked for")),
    async doStream(options) {
      asked.push(options);
      return { stream: ReadableStream.from(parts) };
    },
  };
  return { model: fromAiSdk(model), asked };
}

const finish: LanguageModelV4StreamPart = {
  type: "finish",
  usage,
  finishReason: { unified: "stop", raw: "end_turn" },
};

describe("fromAiSdk()", () => {
  test("carries signatures of thoughts back through the real Anthropic provider", async () => {
    const call = { name: "clock", arguments: { zone: "UTC" } };
    await using server = await startScriptedServer({
      turns: [{ thinking: "I need the time.", signature: "proof", toolCalls: [call] }, { text: "12:00." }],
    });
    const model = fromAiSdk(createAnthropic({ baseURL: `${server.url}/v1`, apiKey: "k" })("scripted"));
    const tools = [{ name: "clock", description: "Tells the time.", inputSchema: { type: "object" } }];
    const first = await completeAnswer(model, { ...question, tools }, context());
    const [called] = first.message.parts.filter((part) => part.type === "tool_call");
    const result = {
      type: "tool_result" as const,
      callId: called?.id ?? "",
      name: "clock",
      content: [{ type: "text" as const, text: "12:00 in UTC" }],
      isError: false,
    };

    await completeAnswer(
      model,
      { messages: [...question.messages, first.message, { role: "tool", parts: [result] }], tools },
      context(),
    );

    expect(first.stopReason).toBe("tool_calls");
    expect(JSON.stringify(server.requests[1]?.body["messages"])).toContain('"signature":"proof"');
    expect(JSON.stringify(server.requests[1]?.body["messages"])).toContain("12:00 in UTC");
  });

  test("sends settings, tools, schema and choice", async () => {
    const { model, asked } = streaming([finish]);
    await completeAnswer(
      model,
      {
        system: "Be brief.",
        messages: question.messages,
        tools: [{ name: "add", description: "Adds.", inputSchema: { type: "object" } }],
        providerTools: [
          { protocol: "ai-sdk", data: { id: "openai.web_search", name: "web_search", args: { a: 1 } } },
        ],
        toolChoice: { name: "add" },
        maxOutputTokens: 9,
        temperature: 0,
        topP: 1,
        seed: 3,
        stopSequences: ["END"],
        reasoning: "low",
        outputSchema: { name: "sum", schema: { type: "object" } },
        providerOptions: { "ai-sdk": { openai: { user: "u" } } },
      },
      context(),
    );

    const [options] = asked;
    const { abortSignal: _signal, ...rest } = options ?? {};
    expect(rest).toEqual({
      prompt: [
        { role: "system", content: "Be brief." },
        { role: "user", content: [{ type: "text", text: "Time?" }] },
      ],
      tools: [
        { type: "function", name: "add", description: "Adds.", inputSchema: { type: "object" } },
        { type: "provider", id: "openai.web_search", name: "web_search", args: { a: 1 } },
      ],
      toolChoice: { type: "tool", toolName: "add" },
      maxOutputTokens: 9,
      temperature: 0,
      topP: 1,
      seed: 3,
      stopSequences: ["END"],
      reasoning: "low",
      responseFormat: { type: "json", name: "sum", schema: { type: "object" } },
      providerOptions: { openai: { user: "u" } },
    });
  });

  test("keeps tools that ran at the provider, files, sources and metadata, and sends them back", async () => {
    const metadata = { google: { thoughtSignature: "sig" } };
    const parts: LanguageModelV4StreamPart[] = [
      { type: "stream-start", warnings: [] },
      { type: "response-metadata", id: "r1", modelId: "test-1-0001" },
      { type: "tool-input-start", id: "s1", toolName: "web_search", providerExecuted: true },
      {
        type: "tool-call",
        toolCallId: "s1",
        toolName: "web_search",
        input: '{"q":"x"}',
        providerExecuted: true,
      },
      { type: "tool-result", toolCallId: "s1", toolName: "web_search", result: { hits: 1 } },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Found." },
      { type: "text-end", id: "t", providerMetadata: metadata },
      { type: "source", sourceType: "url", id: "u", url: "https://example.com/", title: "Example" },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      { type: "tool-call", toolCallId: "c1", toolName: "add", input: '{"a":1}', providerMetadata: metadata },
      { type: "finish", usage, finishReason: { unified: "tool-calls", raw: undefined } },
    ];
    const { model, asked } = streaming(parts);

    const { message, ...rest } = await completeAnswer(model, question, context());
    await completeAnswer(model, { messages: [...question.messages, message], tools: [] }, context());

    expect(message.parts.map(({ type }) => type)).toEqual([
      "provider_item",
      "provider_item",
      "text",
      "image",
      "tool_call",
    ]);
    expect(message.parts[2]).toEqual({
      type: "text",
      text: "Found.",
      citations: [{ url: "https://example.com/", title: "Example" }],
      providerData: { protocol: "ai-sdk", data: metadata },
    });
    expect(rest).toMatchObject({
      stopReason: "tool_calls",
      model: "test-1-0001",
      responseId: "r1",
      usage: {
        inputTokens: 10,
        outputTokens: 5,
        cacheReadTokens: 4,
        cacheWriteTokens: 0,
        reasoningTokens: 2,
      },
    });
    expect(asked[1]?.prompt.at(-1)).toEqual({
      role: "assistant",
      content: [
        {
          type: "tool-call",
          toolCallId: "s1",
          toolName: "web_search",
          input: { q: "x" },
          providerExecuted: true,
        },
        {
          type: "tool-result",
          toolCallId: "s1",
          toolName: "web_search",
          output: { type: "json", value: { hits: 1 } },
        },
        { type: "text", text: "Found.", providerOptions: metadata },
        { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
        { type: "tool-call", toolCallId: "c1", toolName: "add", input: { a: 1 }, providerOptions: metadata },
      ],
    });
  });

  test.each([
    [
      "an interrupted stream",
      [{ ...finish, finishReason: { unified: "interrupted", raw: undefined } }],
      "model.truncated",
    ],
    ["a stream without an end", [{ type: "text-start", id: "t" }], "model.truncated"],
    [
      "a provider that failed",
      [{ ...finish, finishReason: { unified: "error", raw: undefined } }],
      "model.server_error",
    ],
    ["an error in the stream", [{ type: "error", error: { type: "overloaded_error" } }], "model.overloaded"],
  ] as const)("throws for %s", async (_name, parts, code) => {
    const { model } = streaming(parts);

    await expect(completeAnswer(model, question, context())).rejects.toMatchObject({ code });
  });

  test.each([
    [429, "model.rate_limited"],
    [500, "model.server_error"],
    [404, "model.not_found"],
  ] as const)("maps status %i to its code, without the request", async (status, code) => {
    await using server = await startScriptedServer({ turns: [{ failure: { kind: "status", status } }] });
    const provider = createOpenAICompatible({ name: "x", baseURL: `${server.url}/v1`, apiKey: "secret-key" });

    const error: unknown = await completeAnswer(fromAiSdk(provider("scripted")), question, context()).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain("Time?");
  });

  test("maps a server that is not there", async () => {
    const provider = createOpenAICompatible({ name: "x", baseURL: "http://127.0.0.1:1/v1" });

    await expect(completeAnswer(fromAiSdk(provider("m")), question, context())).rejects.toMatchObject({
      code: "model.network",
    });
  });

  test("refuses tools of another protocol, and models of another specification", async () => {
    const { model } = streaming([finish]);
    const providerTools = [{ protocol: "anthropic", data: { type: "web_search" } }];
    await expect(completeAnswer(model, { ...question, providerTools }, context())).rejects.toMatchObject({
      code: "model.unsupported_content",
    });

    const old: LanguageModelV4 = JSON.parse('{"specificationVersion":"v1","modelId":"m","provider":"p"}');
    expect(() => fromAiSdk(old)).toThrow("specification v1");
  });
});
