import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type {
  LanguageModelV2,
  LanguageModelV2StreamPart,
  LanguageModelV3,
  LanguageModelV3StreamPart,
} from "@ai-sdk/provider";
import { completeAnswer } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { startScriptedServer } from "@tau/agent/scripted";
import type { TranscriptTurn } from "@tau/agent/scripted";
import { createCallContext, userText } from "@tau/core";
import type { CallContext } from "@tau/core";
import { createOpenAICompatible as createV2 } from "openai-compatible-v2";
import { createOpenAICompatible as createV3 } from "openai-compatible-v3";
import { describe, expect, test } from "vitest";

import { fromAiSdk } from "./from-ai-sdk.ts";

const principal = { id: "ada", kind: "person", scopes: [] } as const;
const context = (): CallContext => createCallContext({ tenant: "acme", principal });
const picture = {
  type: "image",
  mediaType: "image/png",
  source: { kind: "base64", data: "iVBORw==" },
} as const;

/** A request with everything that the protocol has words for. */
const rich: ModelRequest = {
  system: "Be brief.",
  messages: [
    { role: "user", parts: [{ type: "text", text: "Look." }, picture] },
    {
      role: "assistant",
      parts: [
        { type: "text", text: "I add." },
        { type: "tool_call", id: "c1", name: "add", arguments: '{"a":1}' },
        { type: "tool_call", id: "c2", name: "add", arguments: '{"a":2}' },
      ],
    },
    {
      role: "tool",
      parts: [
        {
          type: "tool_result",
          callId: "c1",
          name: "add",
          content: [{ type: "text", text: "1" }],
          isError: false,
        },
        {
          type: "tool_result",
          callId: "c2",
          name: "add",
          content: [{ type: "text", text: "no" }],
          isError: true,
        },
      ],
    },
    userText("And now?"),
  ],
  tools: [{ name: "add", description: "Adds.", inputSchema: { type: "object", properties: {} } }],
  toolChoice: { name: "add" },
  temperature: 0.5,
  topP: 0.9,
  seed: 7,
  stopSequences: ["END"],
  maxOutputTokens: 99,
  reasoning: "low",
};

async function bodyOf(version: "v2" | "v3" | "v4"): Promise<unknown> {
  const turn: TranscriptTurn = {
    text: "Done.",
    usage: { inputTokens: 9, outputTokens: 3, cacheReadTokens: 2 },
  };
  const turns = [turn, turn];
  await using server = await startScriptedServer({ turns });
  const create = { v2: createV2, v3: createV3, v4: createOpenAICompatible }[version];
  const provider = create({ name: "scripted", baseURL: `${server.url}/v1`, includeUsage: true });
  const answer = await completeAnswer(fromAiSdk(provider("scripted")), rich, context());
  expect(answer).toMatchObject({
    stopReason: "stop",
    usage: { inputTokens: 9, outputTokens: 3, cacheReadTokens: 2 },
    message: { parts: [{ type: "text", text: "Done." }] },
  });
  return server.requests[0]?.body;
}

describe("fromAiSdk()", () => {
  test("sends the same by packages of ai 5, 6 and 7, but for what the older ones have no words for", async () => {
    const newest = await bodyOf("v4");

    expect(newest).toMatchObject({ model: "scripted", temperature: 0.5, reasoning_effort: "low" });
    expect({ ...Object(await bodyOf("v3")), reasoning_effort: "low" }).toEqual(newest);
    expect({ ...Object(await bodyOf("v2")), reasoning_effort: "low" }).toEqual(newest);
  });

  test.each([
    ["v2", "model.truncated"],
    ["v3", "model.parse"],
  ] as const)("never takes an answer of %s that was cut for whole", async (version, code) => {
    const failure = { kind: "end", afterEvents: 3 } as const;
    await using server = await startScriptedServer({ turns: [{ text: "Hello.", chunkChars: 1, failure }] });
    const create = version === "v2" ? createV2 : createV3;
    const provider = create({ name: "scripted", baseURL: `${server.url}/v1` });
    const model = fromAiSdk(provider("scripted"));

    await expect(
      completeAnswer(model, { messages: [userText("Hi")], tools: [] }, context()),
    ).rejects.toMatchObject({ code });
  });
});

/** What every model of the AI SDK has, here one that keeps what it was asked. */
function keeping<Part>(parts: readonly Part[]) {
  const asked: unknown[] = [];
  return {
    asked,
    shared: {
      provider: "test",
      modelId: "m",
      supportedUrls: {},
      doGenerate: () => Promise.reject(new Error("not asked for")),
      async doStream(options: unknown) {
        asked.push(options);
        return { stream: ReadableStream.from(parts) };
      },
    },
  };
}

/** A model of specification `v2` that streams these parts. */
function older2(parts: readonly LanguageModelV2StreamPart[]) {
  const { shared, asked } = keeping(parts);
  const model: LanguageModelV2 = { specificationVersion: "v2", ...shared };
  return { model, asked };
}

/** A model of specification `v3` that streams these parts. */
function older3(parts: readonly LanguageModelV3StreamPart[]) {
  const { shared, asked } = keeping(parts);
  const model: LanguageModelV3 = { specificationVersion: "v3", ...shared };
  return { model, asked };
}

const files: ModelRequest = {
  messages: [
    {
      role: "user",
      parts: [
        {
          type: "file",
          mediaType: "application/pdf",
          name: "a.pdf",
          source: { kind: "url", url: "https://e.org/a.pdf" },
        },
      ],
    },
    {
      role: "assistant",
      parts: [
        {
          type: "thinking",
          text: "hm",
          providerData: { protocol: "ai-sdk", data: { test: { signature: "s" } } },
        },
        { type: "tool_call", id: "c", name: "see", arguments: "{}" },
      ],
    },
    {
      role: "tool",
      parts: [
        {
          type: "tool_result",
          callId: "c",
          name: "see",
          content: [
            { type: "text", text: "Two." },
            picture,
            { type: "file", mediaType: "text/csv", source: { kind: "base64", data: "YQ==" } },
            { type: "image", mediaType: "image/png", source: { kind: "url", url: "https://e.org/b.png" } },
          ],
          isError: false,
        },
      ],
    },
  ],
  tools: [],
  providerTools: [{ protocol: "ai-sdk", data: { id: "test.search", name: "search", args: { max: 1 } } }],
};

describe("a model of an older specification", () => {
  const usage2 = {
    inputTokens: 3,
    outputTokens: 2,
    totalTokens: 5,
    cachedInputTokens: 4,
    reasoningTokens: 1,
  };
  const usage3 = {
    inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 2, text: 1, reasoning: 1 },
  };
  const file = { type: "file", mediaType: "image/png", data: "iVBORw==" } as const;
  const result = {
    type: "tool-result",
    toolCallId: "t",
    toolName: "search",
    result: { hits: 1 },
  } as const;

  test("v2 brings files, results of its own tools and usage", async () => {
    const { model } = older2([
      { type: "stream-start", warnings: [] },
      file,
      { ...result, providerExecuted: true },
      { type: "finish", finishReason: "stop", usage: usage2 },
    ]);

    await expect(completeAnswer(fromAiSdk(model), files, context())).resolves.toMatchObject({
      message: { parts: [picture, { type: "provider_item", kind: "tool-result" }] },
      // What was cached is at least a part of the input.
      usage: { inputTokens: 4, cacheReadTokens: 4, outputTokens: 2, reasoningTokens: 1 },
    });
  });

  test("v3 brings files, and a reason of the provider's own is an end", async () => {
    const finishReason = { unified: "other", raw: "custom_stop" } as const;
    const { model } = older3([file, { type: "finish", finishReason, usage: usage3 }]);

    await expect(completeAnswer(fromAiSdk(model), files, context())).resolves.toMatchObject({
      message: { parts: [picture] },
      stopReason: "stop",
    });
  });

  test("v3 ends without a reason of anybody's when it was cut", async () => {
    const finishReason = { unified: "other", raw: undefined } as const;
    const { model } = older3([file, { type: "finish", finishReason, usage: usage3 }]);

    await expect(completeAnswer(fromAiSdk(model), files, context())).rejects.toMatchObject({
      code: "model.truncated",
    });
  });

  test("is asked in its own words for files, results and tools", async () => {
    const two = older2([{ type: "finish", finishReason: "stop", usage: usage2 }]);
    const three = older3([{ type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: usage3 }]);
    for (const { model } of [two, three]) await completeAnswer(fromAiSdk(model), files, context());

    const prompt = (output: unknown): unknown => [
      {
        role: "user",
        content: [
          {
            type: "file",
            mediaType: "application/pdf",
            filename: "a.pdf",
            data: new URL("https://e.org/a.pdf"),
          },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", providerOptions: { test: { signature: "s" } } },
          { type: "tool-call", toolCallId: "c", toolName: "see", input: {}, providerExecuted: false },
        ],
      },
      { role: "tool", content: [{ type: "tool-result", toolCallId: "c", toolName: "see", output }] },
    ];
    const text = { type: "text", text: "Two." };
    expect(two.asked[0]).toMatchObject({
      prompt: prompt({
        type: "content",
        value: [
          text,
          { type: "media", data: "iVBORw==", mediaType: "image/png" },
          { type: "media", data: "YQ==", mediaType: "text/csv" },
          { type: "text", text: "https://e.org/b.png" },
        ],
      }),
      tools: [{ type: "provider-defined", id: "test.search", name: "search", args: { max: 1 } }],
    });
    expect(three.asked[0]).toMatchObject({
      prompt: prompt({
        type: "content",
        value: [
          text,
          { type: "image-data", data: "iVBORw==", mediaType: "image/png" },
          { type: "file-data", data: "YQ==", mediaType: "text/csv" },
          { type: "file-url", url: "https://e.org/b.png" },
        ],
      }),
      tools: [{ type: "provider", id: "test.search" }],
    });
  });
});
