import { text } from "node:stream/consumers";
import { inflateSync } from "node:zlib";

import { isJsonObject, parseJson } from "@tau/core";
import type { CallContext, JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "../anthropic/anthropic.ts";
import { defineCapabilities } from "../capabilities.ts";
import { createOpenAiEmbeddings } from "../embeddings/openai-embeddings.ts";
import type { Model } from "../model.ts";
import { createGemini } from "../gemini/gemini.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { startLoopback } from "../testing/loopback.ts";
import { startScriptedServer } from "../scripted/server.ts";
import type { Transcript, TranscriptTurn } from "../scripted/transcript.ts";
import { testContext } from "../testing/test-context.ts";
import { claimOf, contradicts, factsFrom } from "./compare.ts";
import { otherChecks } from "./other-checks.ts";
import { probeModel } from "./probe-model.ts";
import type { ProbeFinding, ProbeOptions } from "./probe-model.ts";

const context: CallContext = testContext();

async function probe(model: Model, options: ProbeOptions = {}): Promise<readonly ProbeFinding[]> {
  const findings: ProbeFinding[] = [];
  for await (const finding of probeModel(model, context, options)) findings.push(finding);
  return findings;
}

const verdicts = (findings: readonly ProbeFinding[]) =>
  Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict]));

const weather = (...cities: readonly string[]): TranscriptTurn => ({
  toolCalls: cities.map((city) => ({ name: "get_weather", arguments: { city } })),
});

/** A model that does everything that it is asked. */
const able: Transcript = {
  conversations: [
    { match: "the one word: ready", turns: [{ text: "ready" }] },
    { match: "the one word: counted", turns: [{ text: "counted" }] },
    { match: "Count from one", turns: [{ text: "one, two, three, four, five, six, seven" }] },
    { match: "capital of France", turns: [{ text: "Tangerine.", expect: { systemContains: "tangerine" } }] },
    { match: "the one word: cold", turns: [{ text: "cold" }] },
    { match: "digits from 1", turns: [{ text: "1 2 3 4 ", stopReason: "stop_sequence" }] },
    { match: "a lighthouse", turns: [{ text: "Once upon a", stopReason: "length" }] },
    { match: "in Oslo, and what in Lima", turns: [weather("Oslo", "Lima")] },
    { match: "weather in Oslo? Use", turns: [weather("Oslo")] },
    { match: "Say hello", turns: [weather("Here")] },
    { match: "Describe a cat", turns: [{ text: '{"cat":"soft"}' }] },
    { match: "Greet me", turns: [{ text: '{"seal":"k-19-zebra","count":1}' }] },
    { match: "weather in Rome", turns: [weather("Rome")] },
    { match: "A bat and a ball", turns: [{ thinking: "Let me see: 0.05.", text: "0.05" }] },
    { match: "umbrella in Bergen", turns: [{ thinking: "It rains there.", ...weather("Bergen") }] },
    { match: "Which colour", turns: [{ text: "Red." }] },
    {
      match: "the one word: again",
      turns: [{ text: "again", usage: { inputTokens: 6_000, cacheReadTokens: 5_888 } }],
    },
  ],
};

/** A server that says hello, whatever it is asked. */
const deaf: Transcript = { turns: [{ text: "Hello." }] };

describe("probeModel()", () => {
  test.each([
    ["OpenAI Chat", "/v1", createOpenAiChat, "openai-chat"],
    ["Anthropic Messages", "", createAnthropic, "anthropic"],
    ["Gemini", "/v1beta", createGemini, "gemini"],
  ])("sees over %s what a model does", async (_name, path, create, protocol) => {
    await using server = await startScriptedServer(able);
    const model = create({ baseUrl: `${server.url}${path}`, model: "scripted" });

    const findings = await probe(model, { protocol });

    const { json_mode, ...others } = verdicts(findings);
    expect(new Set(Object.values(others))).toEqual(new Set(["yes"]));
    expect(Object.keys(others)).toHaveLength(16);
    // Anthropic has no mode for any JSON.
    expect(json_mode).toBe(protocol === "anthropic" ? undefined : "yes");
    expect(findings.find(({ name }) => name === "prompt_cache")).toMatchObject({
      detail: "5888 of 6000 tokens came out of it",
      usage: { inputTokens: 12_000 },
    });
  });

  test("does not believe a server that takes everything and does nothing", async () => {
    await using server = await startScriptedServer(deaf);
    const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" });

    expect(verdicts(await probe(model, { protocol: "openai-chat" }))).toEqual({
      answer: "yes",
      usage: "yes",
      streaming: "no",
      system: "no",
      sampling: "yes",
      stop: "unknown",
      max_output: "no",
      tools: "no",
      parallel_tools: "unknown",
      forced_tools: "no",
      json_mode: "no",
      strict_schema: "no",
      tools_with_schema: "no",
      reasoning: "no",
      reasoning_with_tools: "unknown",
      vision: "no",
      prompt_cache: "unknown",
    });
  });

  test.each(['{"seal":"other","count":1}', '{"seal":"k-19-zebra","count":1,"more":2}', "[]"])(
    "does not take %s for the schema's shape",
    async (answer) => {
      await using server = await startScriptedServer({ turns: [{ text: answer }] });
      const model = createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" });

      expect(verdicts(await probe(model, { only: ["strict_schema"] }))).toEqual({ strict_schema: "no" });
    },
  );

  test("tells a refusal, a stranger's failure and silence apart", async () => {
    await using server = await startLoopback(async (request, response) => {
      const body = parseJson(await text(request));
      const asked = body.ok && isJsonObject(body.value) ? body.value : {};
      if (asked["tools"] !== undefined) {
        response.writeHead(400, { "content-type": "application/json" });
        response.end('{"error":{"type":"invalid_request_error","message":"tools are not supported"}}');
      } else if (asked["temperature"] !== undefined) response.writeHead(503).end();
      else if (asked["stop"] === undefined) answerWith(response, "Hello.");
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });

    expect(await probe(model, { only: ["stop"], timeoutMs: 30 })).toMatchObject([
      { name: "stop", verdict: "unknown", detail: "took longer than 30 ms" },
    ]);
    expect(await probe(model, { only: ["tools", "sampling"] })).toMatchObject([
      { name: "sampling", verdict: "unknown", detail: "failed with model.overloaded" },
      {
        name: "tools",
        verdict: "no",
        detail: "refused",
        providerSaid: expect.stringContaining("not supported"),
      },
    ]);
  });

  test("gives up when not even a plain question is answered", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(401).end();
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });

    await expect(probe(model)).rejects.toMatchObject({ code: "model.auth" });
  });

  test("ends with the caller's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using server = await startLoopback(() => controller.abort(reason));
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });
    const probing = probeModel(model, { ...context, signal: controller.signal }, { only: ["tools"] });

    await expect(probing.next()).rejects.toBe(reason);
  });

  test("measures an embedding model beside it", async () => {
    await using server = await startLoopback((_request, response) => {
      response.setHeader("content-type", "application/json");
      const data = [0, 1].map((index) => ({ object: "embedding", index, embedding: [0.5, 0.25, index] }));
      response.end(JSON.stringify({ object: "list", data, model: "e", usage: { prompt_tokens: 4 } }));
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });
    const embeddings = createOpenAiEmbeddings({
      baseUrl: server.url,
      model: "e",
      dialect: { encoding: "float" },
    });

    expect(await probe(model, { only: ["embeddings"], embeddings })).toMatchObject([
      { name: "embeddings", verdict: "yes", detail: "vectors of 3 numbers" },
    ]);
  });

  test("shows a picture that is really red", () => {
    const message = otherChecks("").find(({ name }) => name === "vision")?.request.messages[0];
    const part = message?.parts.find(({ type }) => type === "image");
    const data = part?.type === "image" && part.source.kind === "base64" ? part.source.data : "";
    const png = Buffer.from(data, "base64");
    const [size, at] = [png.readUInt32BE(33), 41];
    const pixels = inflateSync(png.subarray(at, at + size));

    expect(png.subarray(37, 41).toString("latin1")).toBe("IDAT");
    expect([...pixels.subarray(0, 7)]).toEqual([0, 255, 0, 0, 255, 0, 0]);
    expect(pixels).toHaveLength(32 * (1 + 32 * 3));
  });
});

function answerWith(response: import("node:http").ServerResponse, content: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunks: readonly JsonObject[] = [
    { choices: [{ index: 0, delta: { content } }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
  ];
  response.end(`${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`);
}

describe("what findings mean", () => {
  const finding = (name: ProbeFinding["name"], verdict: ProbeFinding["verdict"]): ProbeFinding => ({
    name,
    verdict,
    detail: "",
    ms: 0,
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  });
  const claims = defineCapabilities({ tools: "yes", structuredOutput: "json_mode", promptCache: "none" });

  test.each([
    ["tools", "yes", "yes", false],
    ["tools", "no", "yes", true],
    ["tools", "unknown", "yes", false],
    ["vision", "yes", "unknown", false],
    ["strict_schema", "yes", "no", true],
    ["json_mode", "yes", "yes", false],
    ["prompt_cache", "yes", "no", true],
    ["stop", "no", undefined, false],
  ] as const)("%s measured %s where the catalog says %s", (name, verdict, claim, differs) => {
    expect(claimOf(name, claims)).toBe(claim);
    expect(contradicts(finding(name, verdict), claims)).toBe(differs);
  });

  test.each([
    [[finding("strict_schema", "yes"), finding("json_mode", "yes")], "strict_schema"],
    [[finding("strict_schema", "no"), finding("json_mode", "yes")], "json_mode"],
    [[finding("strict_schema", "no"), finding("forced_tools", "yes")], "forced_tool"],
    [[finding("strict_schema", "no")], "unknown"],
    [[], "unknown"],
  ])("the best way to a shape is what worked (%#)", (findings, kind) => {
    expect(factsFrom(findings)).toMatchObject({ structuredOutput: kind, tools: "unknown" });
  });
});
