import { FunctionCallingConfigMode, GoogleGenAI, ThinkingLevel } from "@google/genai";
import type { Content, GenerateContentParameters } from "@google/genai";
import { isJsonObject, parseJson, userText } from "@tau/core";
import type { AssistantMessage, JsonObject, Message, ToolDefinition } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { startLoopback } from "../testing/loopback.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import { GeminiDecoder } from "./decoder.ts";
import { createGeminiBodyWriter } from "./request-body.ts";
import type { GeminiBodyOptions } from "./request-body.ts";
import { geminiSettings } from "./settings.ts";
import type { GeminiSettings } from "./settings.ts";

const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };
const search = { protocol: "gemini", data: { googleSearch: {} } };
const pixel = { type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } } as const;

function bodyOf(
  request: ModelRequest,
  options: GeminiSettings & { readonly model?: string; readonly provider?: string } & Partial<
      Pick<GeminiBodyOptions, "thoughtless" | "paints">
    > = {},
): JsonObject {
  const {
    model = "gemini-3-flash-preview",
    provider = "gemini",
    thoughtless = false,
    paints = false,
  } = options;
  const settings = geminiSettings({ ...options, model });
  const write = createGeminiBodyWriter({ identity: { provider, model }, settings, thoughtless, paints });
  const parsed = parseJson(write(request));
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error("not an object");
  expect(schemaErrors("gemini", parsed.value)).toEqual([]);
  return parsed.value;
}

/** What the vendor's library sends for the same question. */
async function sdkBody(
  question: Omit<GenerateContentParameters, "model">,
  vertexai = false,
): Promise<unknown> {
  let body = "";
  await using server = await startLoopback(async (request, response) => {
    for await (const bytes of request) body += String(bytes);
    response.end("{}");
  });
  const { models } = new GoogleGenAI({ apiKey: "none", vertexai, httpOptions: { baseUrl: server.url } });
  await models.generateContent({ model: "any", ...question });
  return JSON.parse(body);
}

/** The message that an answer with these parts becomes. */
function answerOf(...parts: readonly JsonObject[]): AssistantMessage {
  const decoder = new GeminiDecoder({ provider: "gemini", model: "m" }, (body) => new Error(body));
  decoder.readAnswer({ candidates: [{ content: { parts }, finishReason: "STOP" }], responseId: "r" });
  decoder.end();
  if (decoder.finished === undefined) throw new Error("not finished");
  return decoder.finished.message;
}

function resultOf(
  callId: string,
  fields: Partial<Extract<Message, { role: "tool" }>["parts"][number]> = {},
): Extract<Message, { role: "tool" }> {
  const content = [{ type: "text", text: "A" }] as const;
  return {
    role: "tool",
    parts: [{ type: "tool_result", callId, name: "read", content, isError: false, ...fields }],
  };
}

function contentsOf(messages: readonly Message[], options: Parameters<typeof bodyOf>[1] = {}): unknown {
  return bodyOf({ messages, tools: [] }, options)["contents"];
}

describe("Gemini request bodies", () => {
  test("are what the vendor's library sends", async () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const request: ModelRequest = {
      system: "Be brief.",
      messages: [
        { role: "user", parts: [{ type: "text", text: "Hi" }, pixel] },
        answerOf({ functionCall: { id: "c", name: "read", args: { path: "a" } }, thoughtSignature: "c2ln" }),
        resultOf("c"),
      ],
      tools: [read],
      providerTools: [search],
      toolChoice: { name: "read" },
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      seed: 7,
      stopSequences: ["END"],
      reasoning: "low",
      outputSchema: { name: "answer", schema },
    };
    const contents: Content[] = [
      { role: "user", parts: [{ text: "Hi" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
      {
        role: "model",
        parts: [{ functionCall: { id: "c", name: "read", args: { path: "a" } }, thoughtSignature: "c2ln" }],
      },
      { role: "user", parts: [{ functionResponse: { id: "c", name: "read", response: { output: "A" } } }] },
    ];
    const expected = {
      contents,
      config: {
        systemInstruction: { parts: [{ text: "Be brief." }] },
        tools: [
          {
            functionDeclarations: [
              { name: "read", description: "Reads.", parametersJsonSchema: { type: "object" } },
            ],
          },
          { googleSearch: {} },
        ],
        toolConfig: {
          functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ["read"] },
          includeServerSideToolInvocations: true,
        },
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stopSequences: ["END"],
        thinkingConfig: { thinkingLevel: ThinkingLevel.LOW, includeThoughts: true },
        responseMimeType: "application/json",
        responseJsonSchema: schema,
      },
    };

    expect(bodyOf(request)).toEqual(await sdkBody(expected));
  });

  test("ask for no more than the request does", () => {
    expect(bodyOf(plain)).toEqual({ contents: [{ role: "user", parts: [{ text: "Hi" }] }] });
  });

  test.each([
    ["gemini-2.0-flash", "high", undefined],
    ["gemma-3-27b-it", "high", undefined],
    ["gemini-2.5-flash-image", "high", undefined],
    ["gemini-2.5-flash", "none", { thinkingBudget: 0 }],
    ["gemini-2.5-pro", "none", { thinkingBudget: 128 }],
    ["gemini-2.5-flash-lite", "low", { thinkingBudget: 1024, includeThoughts: true }],
    ["models/gemini-2.5-pro", "high", { thinkingBudget: 24_576, includeThoughts: true }],
    ["gemini-3-flash-preview", "none", { thinkingLevel: "MINIMAL" }],
    ["gemini-3.1-pro-preview", "none", { thinkingLevel: "LOW" }],
    ["gemini-3.1-pro-preview", "medium", { thinkingLevel: "MEDIUM", includeThoughts: true }],
    ["gemini-3-pro-preview", "medium", { thinkingLevel: "HIGH", includeThoughts: true }],
    ["gemini-flash-latest", "high", { thinkingLevel: "HIGH", includeThoughts: true }],
    ["gemini-robotics-er-3", "low", { thinkingLevel: "LOW", includeThoughts: true }],
  ] as const)("ask %s to think %s in its own way", (model, reasoning, thinkingConfig) => {
    const sent = bodyOf({ ...plain, reasoning }, { model });

    expect(sent["generationConfig"]).toEqual(thinkingConfig && { thinkingConfig });
    expect(bodyOf({ ...plain, reasoning }, { model, thoughtless: true })).toEqual(bodyOf(plain, { model }));
  });

  test("take the generation of a model whose id says nothing from the settings", () => {
    const options = { model: "projects/p/locations/l/endpoints/1", generation: 2.5 } as const;

    expect(bodyOf({ ...plain, reasoning: "low" }, options)["generationConfig"]).toEqual({
      thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
    });
  });

  test.each([
    ["auto", { mode: "AUTO" }],
    ["none", { mode: "NONE" }],
    ["required", { mode: "ANY" }],
    [{ name: "read" }, { mode: "ANY", allowedFunctionNames: ["read"] }],
  ] as const)("choose tools by %j", (toolChoice, functionCallingConfig) => {
    expect(bodyOf({ ...plain, tools: [read], toolChoice })["toolConfig"]).toEqual({ functionCallingConfig });
  });

  test("refuse to force what is no function of the request", () => {
    const toolChoice = { name: "googleSearch" };
    const refusal = expect.objectContaining({ code: "model.unsupported_content" });

    expect(() => bodyOf({ ...plain, tools: [read], toolChoice })).toThrow(refusal);
    expect(() => bodyOf({ ...plain, providerTools: [search], toolChoice })).toThrow(refusal);
  });

  test("let both kinds of tools into one request only where the model takes them", () => {
    const both = { ...plain, tools: [read], providerTools: [search] };

    expect(bodyOf(both)["toolConfig"]).toEqual({ includeServerSideToolInvocations: true });
    expect(bodyOf(both, { model: "gemini-2.5-flash" })).not.toHaveProperty("toolConfig");
    expect(bodyOf({ ...plain, providerTools: [search] })["tools"]).toEqual([{ googleSearch: {} }]);
  });

  test("refuse another protocol's tools", () => {
    const providerTools = [{ protocol: "openai-responses", data: { type: "web_search" } }];

    expect(() => bodyOf({ ...plain, providerTools })).toThrow(
      expect.objectContaining({ code: "model.unsupported_content" }),
    );
  });

  test("merge the options for this protocol field by field, and let them win", () => {
    const gemini = {
      cachedContent: "cachedContents/1",
      generationConfig: { temperature: 1, topK: 3 },
      toolConfig: { functionCallingConfig: { mode: "VALIDATED" } },
    };
    const request = { ...plain, tools: [read], maxOutputTokens: 9, temperature: 0.5 };

    expect(bodyOf({ ...request, providerOptions: { gemini, ollama: { think: true } } })).toMatchObject({
      cachedContent: "cachedContents/1",
      generationConfig: { maxOutputTokens: 9, temperature: 1, topK: 3 },
      toolConfig: { functionCallingConfig: { mode: "VALIDATED" } },
      tools: [{ functionDeclarations: [{ name: "read" }] }],
    });
  });

  test("get an answer of a shape beside functions by a hidden one, where both in one request are refused", () => {
    const outputSchema = { name: "answer", schema: { type: "object" } };
    const request = { ...plain, tools: [read], outputSchema };
    const old = { model: "gemini-2.5-flash" };
    const namesOf = (body: JsonObject): unknown =>
      Object(body)["tools"][0].functionDeclarations.map(({ name }: { name: string }) => name);

    expect(bodyOf(request)).toMatchObject({ generationConfig: { responseJsonSchema: { type: "object" } } });
    expect(bodyOf(request, old)).toMatchObject({ toolConfig: { functionCallingConfig: { mode: "ANY" } } });
    expect(bodyOf(request, old)).not.toHaveProperty("generationConfig");
    expect(namesOf(bodyOf(request, old))).toEqual(["read", "__respond_with__"]);
    expect(bodyOf({ ...request, toolChoice: "none" }, old)).toMatchObject({
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["__respond_with__"] } },
    });
    expect(namesOf(bodyOf({ ...request, toolChoice: "required" }, old))).toEqual(["read"]);
    expect(bodyOf({ ...request, tools: [] }, old)).toMatchObject({
      generationConfig: { responseMimeType: "application/json" },
    });
  });

  test("ask for pictures where the model makes them", () => {
    expect(bodyOf(plain, { paints: true })["generationConfig"]).toEqual({
      responseModalities: ["TEXT", "IMAGE"],
    });
  });

  test("send OpenAPI's schemas where the model knows no others", () => {
    const inputSchema = { type: "object", properties: { path: { const: "a" } }, $schema: "x" };
    const outputSchema = { name: "answer", schema: { type: ["string", "null"] } };
    const request = { ...plain, tools: [{ ...read, inputSchema }, read], outputSchema };

    expect(bodyOf(request, { model: "gemini-1.5-flash" })).toMatchObject({
      generationConfig: {
        responseMimeType: "application/json",
        responseSchema: { type: "STRING", nullable: true },
      },
      tools: [
        {
          functionDeclarations: [
            {
              name: "read",
              description: "Reads.",
              parameters: { type: "OBJECT", properties: { path: { type: "STRING", enum: ["a"] } } },
            },
            { name: "read", description: "Reads." },
          ],
        },
      ],
    });
  });

  test("begin with the same bytes when the conversation grows", () => {
    const write = createGeminiBodyWriter({
      identity: { provider: "gemini", model: "m" },
      settings: geminiSettings({ model: "m" }),
      thoughtless: false,
      paints: false,
    });
    const short = { ...plain, system: "Be brief.", tools: [read], temperature: 1 };
    const long = { ...short, messages: [...short.messages, answerOf({ text: "Yes?" }), userText("No.")] };

    expect(write(long).startsWith(write(short).slice(0, -2))).toBe(true);
  });
});

describe("Gemini contents", () => {
  const called = { functionCall: { name: "read", args: { path: "b" } } };
  const parts = [
    { text: "Hm.", thought: true },
    { text: "Let me", thoughtSignature: "c2ln" },
    { text: " see." },
    { executableCode: { language: "PYTHON", code: "1" }, thoughtSignature: "c2lnMg==" },
    { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } },
    { functionCall: { id: "c", name: "read", args: { path: "a" } }, thoughtSignature: "c2lnMw==" },
    called,
    { inlineData: { mimeType: "image/png", data: "AAAA" }, thoughtSignature: "c2lnNA==" },
    { inlineData: { mimeType: "audio/wav", data: "AAAA" } },
    { inlineData: { mimeType: "image/png", data: "BBBB" }, thought: true },
    { text: "", thoughtSignature: "c2lnNQ==" },
  ];

  test("carry every part back as it came", () => {
    expect(contentsOf([answerOf(...parts)])).toEqual([{ role: "model", parts }]);
  });

  test("show another provider only text, calls and media, and say that it did not make the call", () => {
    const foreign = Buffer.from("skip_thought_signature_validator").toString("base64");
    const plainParts = [
      { text: "Let me" },
      { text: " see." },
      { functionCall: { name: "read", args: { path: "a" } }, thoughtSignature: foreign },
      called,
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
      { inlineData: { mimeType: "audio/wav", data: "AAAA" } },
    ];

    expect(contentsOf([answerOf(...parts)], { provider: "vertex" })).toEqual([
      { role: "model", parts: plainParts },
    ]);
    expect(
      JSON.stringify(contentsOf([answerOf(...parts)], { provider: "vertex", generation: 2.5 })),
    ).not.toContain(foreign);
  });

  test("name a call by the provider's own id or not at all", () => {
    const answer = answerOf({ functionCall: { id: "c", name: "read", args: {} } }, called);
    const ids = answer.parts.map((part) => (part.type === "tool_call" ? part.id : ""));
    const results = { role: "tool", parts: ids.flatMap((id) => resultOf(id).parts) } as const;

    expect(ids).toEqual(["c", "r_1"]);
    expect(contentsOf([answer, results])).toMatchObject([
      {},
      {
        role: "user",
        parts: [
          { functionResponse: { id: "c", name: "read", response: { output: "A" } } },
          { functionResponse: { name: "read", response: { output: "A" } } },
        ],
      },
    ]);
    expect(JSON.stringify(contentsOf([answer, results], { provider: "vertex" }))).not.toContain('"id"');
  });

  test("say that a call failed, and keep broken arguments as a text", () => {
    const call = { type: "tool_call", id: "x", name: "read", arguments: "{" } as const;

    expect(
      contentsOf([{ role: "assistant", parts: [call] }, resultOf("x", { isError: true })], { generation: 2 }),
    ).toEqual([
      { role: "model", parts: [{ functionCall: { name: "read", args: { invalid_json: "{" } } }] },
      { role: "user", parts: [{ functionResponse: { name: "read", response: { error: "A" } } }] },
    ]);
  });

  test("put pictures into the result where the model takes them, and behind it where not", () => {
    const film = {
      type: "file",
      mediaType: "video/mp4",
      source: { kind: "url", url: "gs://b/a.mp4" },
    } as const;
    const result = resultOf("x", { content: [pixel, film] });
    const picture = { inlineData: { mimeType: "image/png", data: "AAAA" } };
    const video = { fileData: { mimeType: "video/mp4", fileUri: "gs://b/a.mp4" } };
    const response = { output: "See the files that follow." };

    expect(contentsOf([result])).toEqual([
      { role: "user", parts: [{ functionResponse: { name: "read", response, parts: [picture] } }] },
      { role: "user", parts: [{ text: "From the result of read:" }, video] },
    ]);
    expect(contentsOf([result], { generation: 2.5 })).toEqual([
      { role: "user", parts: [{ functionResponse: { name: "read", response } }] },
      { role: "user", parts: [{ text: "From the result of read:" }, picture, video] },
    ]);
  });

  test("carry media by value and by address", () => {
    const base64 = { kind: "base64", data: "AAAA" } as const;
    const media = [
      { type: "audio", mediaType: "audio/wav", source: base64 },
      { type: "file", mediaType: "application/pdf", source: base64 },
      { type: "image", mediaType: "", source: { kind: "url", url: "https://a/b.png" } },
      { type: "image", mediaType: "image/png", source: { kind: "url", url: "data:image/gif;base64,BBBB" } },
    ] as const;

    expect(contentsOf([{ role: "user", parts: media }])).toEqual([
      {
        role: "user",
        parts: [
          { inlineData: { mimeType: "audio/wav", data: "AAAA" } },
          { inlineData: { mimeType: "application/pdf", data: "AAAA" } },
          { fileData: { fileUri: "https://a/b.png" } },
          { inlineData: { mimeType: "image/gif", data: "BBBB" } },
        ],
      },
    ]);
  });

  test("carry an address that was made to be hard to take apart as it is", () => {
    const url = `data:${"a".repeat(400_000)}`;
    const media = [{ type: "image", mediaType: "image/png", source: { kind: "url", url } }] as const;

    expect(contentsOf([{ role: "user", parts: media }])).toEqual([
      { role: "user", parts: [{ fileData: { mimeType: "image/png", fileUri: url } }] },
    ]);
  });

  test("never are empty, which the protocol refuses", () => {
    const nothing = { role: "user", parts: [{ type: "text", text: "" }] } as const;
    const thought = { type: "thinking", text: "Hm.", signature: "anthropic" } as const;

    expect(contentsOf([nothing, { role: "assistant", parts: [thought] }])).toEqual([
      { role: "user", parts: [{ text: "(empty)" }] },
    ]);
  });
});
