import { BedrockRuntimeClient, ConverseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import type { ConverseStreamCommandInput } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { defineCapabilities } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { startLoopback } from "@tau/agent/testing";
import { isJsonObject, userText } from "@tau/core";
import type { Json, Message } from "@tau/core";
import { describe, expect, test } from "vitest";

import {
  claude,
  adaptive,
  nova,
  llama,
  read,
  call,
  result,
  schema,
  mark,
  bodyOf,
} from "./request.test.support.ts";

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

  test("let no guardrail read a whole answer along, because the library knows no such field", async () => {
    const guardrail = { id: "g1", version: "2", mode: "async", trace: true } as const;
    const body = await bodyOf({ delivery: "whole" }, { guardrail });

    expect(body["guardrailConfig"]).toEqual({
      guardrailIdentifier: "g1",
      guardrailVersion: "2",
      trace: "enabled",
    });
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
    const unforced = { capabilities: defineCapabilities({ forcedTools: "no" }) };
    expect(await bodyOf({ tools: [read], toolChoice: "required" }, unforced)).not.toHaveProperty(
      "toolConfig.toolChoice",
    );
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
