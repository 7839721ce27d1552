import { BedrockRuntimeClient, ConverseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import type { ConverseStreamCommandInput } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { defineCapabilities } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { isJsonObject, userText } from "@tau/core";
import type { AssistantPart, Json, Message, ToolDefinition, ToolResultPart } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import type { BedrockConverseOptions } from "./bedrock-converse.ts";
import { readAll, startLoopback } from "./loopback.test.support.ts";

const claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const adaptive = "global.anthropic.claude-opus-4-8";
const nova = "us.amazon.nova-2-lite-v1:0";
const llama = "us.meta.llama4-maverick-17b-instruct-v1:0";
const read: ToolDefinition = {
  name: "read",
  description: "Reads.",
  inputSchema: { type: "object", properties: {} },
};
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };
const call: AssistantPart = { type: "tool_call", id: "c1", name: "read", arguments: '{"b": 1}' };
const result: ToolResultPart = {
  type: "tool_result",
  callId: "c1",
  name: "read",
  isError: false,
  content: [{ type: "text", text: "ok" }],
};
const schema = { type: "object", properties: { city: { type: "string" } } } as const;
const mark = { cachePoint: { type: "default" } };

/** The body that the adapter sends. */
async function bodyOf(
  request: Partial<ModelRequest>,
  options: Partial<BedrockConverseOptions> = {},
): Promise<Record<string, Json>> {
  let body = "";
  await using server = await startLoopback(async (incoming, response) => {
    for await (const chunk of incoming) body += String(chunk);
    response.writeHead(500).end("{}");
  });
  const model = createBedrockConverse({
    baseUrl: server.url,
    region: "us-east-1",
    apiKey: "k",
    model: claude,
    promptCache: false,
    ...options,
  });
  const failed: unknown = await readAll(model, { ...plain, ...request }).catch((error: unknown) => error);
  if (body === "") throw failed;
  const parsed: unknown = JSON.parse(body);
  return isJsonObject(parsed) ? parsed : {};
}

async function contentOf(message: Message, options: Partial<BedrockConverseOptions> = {}): Promise<unknown> {
  const { messages } = await bodyOf({ messages: [message] }, options);
  return Object(messages)[0]?.content;
}

/** The same body written by the vendor's library, which leaves out every field that its types do not know. */
async function asLibraryWrites(body: Record<string, Json>): Promise<unknown> {
  let written = "";
  await using server = await startLoopback(async (incoming, response) => {
    for await (const chunk of incoming) written += String(chunk);
    response.writeHead(400).end("{}");
  });
  const client = new BedrockRuntimeClient({
    endpoint: server.url,
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: new NodeHttpHandler(),
  });
  const input: ConverseStreamCommandInput = Object(withBytes({ modelId: "any", ...body }));
  await client.send(new ConverseStreamCommand(input)).catch(() => undefined);
  client.destroy();
  return JSON.parse(written);
}

/** The library takes bytes where the wire has base64. */
function withBytes(value: Json): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, nested]) => [
      name,
      (name === "bytes" || name === "redactedContent") && typeof nested === "string"
        ? Buffer.from(nested, "base64")
        : withBytes(nested),
    ]),
  );
}

describe("Converse request bodies", () => {
  test("are what the vendor's library writes, with everything in them", async () => {
    const data = Buffer.from("bytes").toString("base64");
    const source = { kind: "base64", data } as const;
    const messages: readonly Message[] = [
      {
        role: "user",
        parts: [
          { type: "text", text: "Look." },
          { type: "image", mediaType: "image/png", source },
          { type: "image", mediaType: "image/webp", source: { kind: "url", url: "s3://bucket/a.webp" } },
          { type: "file", mediaType: "application/pdf", name: "a b.pdf", source },
          { type: "audio", mediaType: "audio/wav", source },
        ],
      },
      {
        role: "assistant",
        parts: [{ type: "thinking", text: "Hm", signature: "sig" }, { type: "text", text: "Well." }, call],
      },
      {
        role: "tool",
        parts: [
          {
            ...result,
            isError: true,
            content: [...result.content, { type: "image", mediaType: "image/gif", source }],
          },
        ],
      },
    ];
    const body = await bodyOf(
      {
        system: "Be brief.",
        messages,
        tools: [read],
        providerTools: [{ protocol: "bedrock-converse", data: { systemTool: { name: "nova_grounding" } } }],
        stopSequences: ["END"],
        maxOutputTokens: 100,
        reasoning: "medium",
        outputSchema: { name: "a place", schema },
        providerOptions: {
          "bedrock-converse": {
            requestMetadata: { team: "a" },
            serviceTier: { type: "flex" },
            additionalModelRequestFields: { top_k: 5 },
          },
        },
      },
      {
        model: adaptive,
        promptCache: "1h",
        citeDocuments: true,
        guardrail: { id: "g1", version: "2", mode: "async", trace: true },
      },
    );

    expect(Object.keys(body)).toEqual([
      "inferenceConfig",
      "additionalModelRequestFields",
      "outputConfig",
      "guardrailConfig",
      "requestMetadata",
      "serviceTier",
      "toolConfig",
      "system",
      "messages",
    ]);
    expect(body).toMatchObject({
      additionalModelRequestFields: { thinking: { type: "adaptive" }, top_k: 5 },
      guardrailConfig: { guardrailIdentifier: "g1", streamProcessingMode: "async", trace: "enabled" },
    });
    expect(await asLibraryWrites(body)).toEqual(body);
  });

  test("mark the prompt of models that know marks, at most four times", async () => {
    const more: readonly Message[] = [
      userText("1"),
      { role: "assistant", parts: [call] },
      { role: "tool", parts: [result] },
      { role: "assistant", parts: [{ type: "text", text: "a" }] },
      userText("2"),
    ];
    const request = { system: "S", tools: [read], messages: more };
    const marked = await bodyOf(request, { promptCache: "5m" });

    expect(marked).toMatchObject({
      toolConfig: { tools: [{ toolSpec: { name: "read" } }, mark] },
      system: [{ text: "S" }, mark],
      messages: [
        { content: [{ text: "1" }] },
        { content: [{ toolUse: {} }] },
        { content: [{ toolResult: {} }, mark] },
        { content: [{ text: "a" }] },
        { content: [{ text: "2" }, mark] },
      ],
    });
    expect(JSON.stringify(marked).split("cachePoint")).toHaveLength(5);
    const hour = JSON.stringify(await bodyOf(request, { promptCache: "1h" }));
    expect(hour).toContain('{"cachePoint":{"type":"default","ttl":"1h"}}');
    for (const [model, capabilities] of [
      [llama, {}],
      ["anthropic.claude-3-haiku-20240307-v1:0", {}],
      [claude, { capabilities: defineCapabilities({ promptCache: "none" }) }],
    ] as const) {
      expect(
        JSON.stringify(await bodyOf(request, { model, promptCache: true, ...capabilities })),
      ).not.toContain("cachePoint");
    }
    const knownTo = {
      model: llama,
      promptCache: true,
      capabilities: defineCapabilities({ promptCache: "explicit_marker" }),
    } as const;
    expect(JSON.stringify(await bodyOf(request, knownTo))).toContain("cachePoint");
  });

  test("alternate, whoever spoke how often", async () => {
    const { messages } = await bodyOf({
      messages: [
        userText("1"),
        { role: "assistant", parts: [call] },
        { role: "tool", parts: [result] },
        userText("2"),
        { role: "assistant", parts: [{ type: "thinking", text: "another's" }] },
        userText("3"),
      ],
      tools: [read],
    });

    expect(messages).toEqual([
      { role: "user", content: [{ text: "1" }] },
      { role: "assistant", content: [{ toolUse: { toolUseId: "c1", name: "read", input: { b: 1 } } }] },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "c1", content: [{ text: "ok" }] } },
          { text: "2" },
          { text: "3" },
        ],
      },
    ]);
  });

  test("demand a call in the words that the model knows", async () => {
    const choiceOf = async (
      model: string,
      toolChoice: NonNullable<ModelRequest["toolChoice"]>,
    ): Promise<unknown> =>
      Object((await bodyOf({ tools: [read], toolChoice }, { model }))["toolConfig"]).toolChoice;

    expect(await choiceOf(claude, "auto")).toBeUndefined();
    expect(await choiceOf(claude, "required")).toEqual({ any: {} });
    expect(await choiceOf(nova, { name: "read" })).toEqual({ tool: { name: "read" } });
    expect(await choiceOf("mistral.mistral-large-2402-v1:0", { name: "read" })).toEqual({ any: {} });
    expect(await choiceOf(llama, "required")).toBeUndefined();
  });

  test("declare tools that the conversation used, and no others, when none may be called", async () => {
    const messages: readonly Message[] = [
      userText("1"),
      { role: "assistant", parts: [call, { ...call, id: "c2", name: "gone" }] },
      { role: "tool", parts: [result, { ...result, callId: "c2" }] },
    ];
    const other = { ...read, name: "other" };
    const tools = async (request: Partial<ModelRequest>): Promise<unknown> =>
      Object((await bodyOf(request))["toolConfig"]).tools?.map(
        (tool: unknown) => Object(tool).toolSpec.description,
      );

    expect(await tools({ messages, tools: [read, other], toolChoice: "none" })).toEqual([
      "Reads.",
      "Not available any more.",
    ]);
    expect(await tools({ messages })).toHaveLength(2);
    expect(await tools({ tools: [read], toolChoice: "none" })).toBeUndefined();
  });

  test("ask for an answer of a given shape by the best way the model has", async () => {
    const outputSchema = { name: "place", schema };
    const enforced = await bodyOf({ outputSchema });
    const asked = await bodyOf({ outputSchema }, { model: nova });
    const besides = await bodyOf({ outputSchema, tools: [read] }, { model: nova });
    const hoped = await bodyOf({ outputSchema }, { model: llama });

    expect(Object(enforced["outputConfig"]).textFormat.structure.jsonSchema).toEqual({
      name: "place",
      schema: JSON.stringify({ ...schema, additionalProperties: false }),
    });
    expect(asked["toolConfig"]).toMatchObject({
      tools: [{ toolSpec: { name: "__respond_with__", inputSchema: { json: schema } } }],
      toolChoice: { tool: { name: "__respond_with__" } },
    });
    expect(besides["toolConfig"]).toMatchObject({ tools: [{}, {}], toolChoice: { any: {} } });
    expect(hoped["toolConfig"]).not.toHaveProperty("toolChoice");
    const capabilities = defineCapabilities({ structuredOutput: "strict_schema" });
    expect(await bodyOf({ outputSchema }, { model: "qwen.qwen3-32b-v1:0", capabilities })).toHaveProperty(
      "outputConfig",
    );
  });

  test("ask for thinking as the model understands it", async () => {
    const asked = async (model: string, request: Partial<ModelRequest> = {}): Promise<unknown> => {
      const {
        additionalModelRequestFields: fields,
        inferenceConfig,
        outputConfig,
      } = await bodyOf({ reasoning: "high", maxOutputTokens: 10, temperature: 0, ...request }, { model });
      return { fields, inferenceConfig, outputConfig };
    };
    const old = "anthropic.claude-sonnet-4-20250514-v1:0";

    expect(await asked(old)).toEqual({
      fields: { thinking: { type: "enabled", budget_tokens: 24_576 } },
      inferenceConfig: { maxTokens: 10 + 24_576 },
    });
    expect(await asked(old, { tools: [read], toolChoice: "required" })).toEqual({
      inferenceConfig: { maxTokens: 10, temperature: 0 },
    });
    expect(await asked(adaptive)).toEqual({
      fields: { thinking: { type: "adaptive" } },
      inferenceConfig: { maxTokens: 10 },
      outputConfig: { effort: "high" },
    });
    expect(await asked(adaptive, { reasoning: "none" })).toMatchObject({
      fields: { thinking: { type: "disabled" } },
    });
    expect(await asked(nova)).toEqual({
      fields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "high" } },
    });
    expect(await asked(nova, { reasoning: "none" })).toMatchObject({
      fields: { reasoningConfig: { type: "disabled" } },
    });
    expect(await asked("openai.gpt-oss-120b-1:0")).toMatchObject({ fields: { reasoning_effort: "high" } });
    expect(await asked(llama)).toEqual({ inferenceConfig: { maxTokens: 10, temperature: 0 } });
  });

  test("do not ask a model with a budget to go on with a turn that another one began", async () => {
    const model = "anthropic.claude-3-7-sonnet-20250219-v1:0";
    const after = (...parts: readonly AssistantPart[]): Partial<ModelRequest> => ({
      messages: [userText("Hi"), { role: "assistant", parts }, { role: "tool", parts: [result] }],
      tools: [read],
      reasoning: "low",
    });
    const own: AssistantPart = { type: "thinking", text: "Hm", signature: "sig" };

    expect(await bodyOf(after(own, call), { model })).toHaveProperty("additionalModelRequestFields");
    expect(await bodyOf(after(call), { model })).not.toHaveProperty("additionalModelRequestFields");
  });

  test("leave out how to sample for a model that is known to refuse it", async () => {
    const sampled = { temperature: 0.5, topP: 0.9 };

    expect((await bodyOf(sampled))["inferenceConfig"]).toEqual(sampled);
    const capabilities = defineCapabilities({ sampling: "no" });
    expect(await bodyOf(sampled, { capabilities })).not.toHaveProperty("inferenceConfig");
  });

  test("write ids of calls as the model allows them, for the call and its result alike", async () => {
    const id = "functions.read:0|x";
    const messages: readonly Message[] = [
      { role: "assistant", parts: [{ ...call, id }] },
      { role: "tool", parts: [{ ...result, callId: id }] },
    ];
    const idsOf = async (model: string): Promise<readonly string[]> =>
      [
        ...JSON.stringify(await bodyOf({ messages, tools: [read] }, { model })).matchAll(
          /"toolUseId":"([^"]*)"/g,
        ),
      ].map(([, found]) => found ?? "");

    expect(await idsOf(claude)).toEqual(["functions_read_0_x", "functions_read_0_x"]);
    expect(await idsOf("moonshot.kimi-k2-thinking")).toEqual(["functions.read:0_x", "functions.read:0_x"]);
  });

  test("say that a tool failed, where the model has no flag in words", async () => {
    const message: Message = { role: "tool", parts: [{ ...result, isError: true, content: [] }] };

    expect(await contentOf(message)).toEqual([
      { toolResult: { toolUseId: "c1", content: [{ text: "(empty)" }], status: "error" } },
    ]);
    expect(await contentOf(message, { model: llama })).toEqual([
      { toolResult: { toolUseId: "c1", content: [{ text: "[tool error]" }] } },
    ]);
  });

  test("carry broken arguments as what they were, and never an empty message", async () => {
    const broken: AssistantPart = { type: "tool_call", id: "c", name: "read", arguments: '{"b":' };

    expect(await contentOf({ role: "assistant", parts: [broken] })).toEqual([
      { toolUse: { toolUseId: "c", name: "read", input: { invalid_json: '{"b":' } } },
    ]);
    expect(await contentOf(userText(" "))).toEqual([{ text: "(empty)" }]);
  });

  test("name documents as the protocol allows, each by another name, with text beside them", async () => {
    const file = (name: string, data: string): Message => ({
      role: "user",
      parts: [{ type: "file", mediaType: "text/markdown", name, source: { kind: "base64", data } }],
    });
    const [first, text] = Object(await contentOf(file("a/b: c  d.md", "AAAA")));
    const [second] = Object(await contentOf(file("a/b: c  d.md", "BBBB")));

    expect(first.document).toMatchObject({
      format: "md",
      name: expect.stringMatching(/^a-b- c d-[0-9a-f]{8}$/),
    });
    expect(second.document.name).not.toBe(first.document.name);
    expect(text).toEqual({ text: "(document)" });
  });

  test.each<Message["parts"][number]>([
    { type: "image", mediaType: "image/tiff", source: { kind: "base64", data: "AAAA" } },
    { type: "image", mediaType: "image/png", source: { kind: "url", url: "https://a/b.png" } },
    { type: "file", mediaType: "application/zip", source: { kind: "base64", data: "AAAA" } },
  ])("refuse what the protocol cannot carry: %#", async (part) => {
    if (part.type !== "image" && part.type !== "file") throw new Error("unreachable");

    await expect(bodyOf({ messages: [{ role: "user", parts: [part] }] })).rejects.toMatchObject({
      code: "model.unsupported_content",
    });
  });

  test("refuse tools that run at another provider", async () => {
    const providerTools = [{ protocol: "anthropic", data: { type: "web_search_20260318" } }];

    await expect(bodyOf({ providerTools })).rejects.toMatchObject({ code: "model.unsupported_content" });
  });

  test("are as the vendor's models want them where only the caller knows the vendor", async () => {
    const model = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    const request = { outputSchema: { name: "place", schema } };

    expect(Object((await bodyOf(request, { model }))["toolConfig"]).toolChoice).toBeUndefined();
    expect(Object((await bodyOf(request, { model, vendor: "amazon" }))["toolConfig"]).toolChoice).toEqual({
      tool: { name: "__respond_with__" },
    });
  });
});
