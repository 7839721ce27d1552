import type { IncomingMessage } from "node:http";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";

import { readFixture } from "../fixture.test.support.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { testContext } from "../testing/test-context.ts";
import { createCohereEmbeddings } from "./cohere-embeddings.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import { createGeminiEmbeddings } from "./gemini-embeddings.ts";
import { createOllamaEmbeddings } from "./ollama-embeddings.ts";
import { createOpenAiEmbeddings } from "./openai-embeddings.ts";

const recordings = readFixture("embeddings");

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function recorded(api: string, ending = ""): readonly JsonObject[] {
  return recordings.filter(({ api: of, url }) => of === api && textOf(url).endsWith(ending));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function isError({ status }: JsonObject): boolean {
  return typeof status === "number" && status >= 400;
}

/** Serves a recording for `/N/…` and keeps what was asked. */
async function serve(list: readonly JsonObject[]) {
  const bodies: JsonObject[] = [];
  const server = await startLoopback(async (request, response) => {
    bodies.push(await bodyOf(request));
    const recording = list[Number(request.url?.split("/")[1])] ?? {};
    const status = typeof recording["status"] === "number" ? recording["status"] : 200;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(recording["response"]));
  });
  return { ...server, bodies };
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const parsed = parseJson(text);
  return parsed.ok ? objectOf(parsed.value) : {};
}

/** As many inputs as the recording has vectors. */
function inputs(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `text ${index}`);
}

/** Plain numbers, rounded as 32-bit floats are. */
function numbers(vectors: readonly ArrayLike<number>[]): readonly (readonly number[])[] {
  return vectors.map((vector) => Array.from(vector, Math.fround));
}

async function codeOf(model: EmbeddingModel): Promise<unknown> {
  return await model.embed({ inputs: ["text"] }, testContext()).catch((error: unknown) => {
    return error instanceof Error && "code" in error ? error.code : error;
  });
}

describe("createOpenAiEmbeddings() on recorded answers", () => {
  const families = ["openai", "azure", "mistral", "voyage"];
  const list = families.flatMap((family) => recorded(`${family}.embeddings`));

  test("has every recording at hand", () => {
    expect(recordings).toHaveLength(72);
    expect(list).toHaveLength(44);
  });

  test("reads the same vectors, order, model and usage as the vendor's library", async () => {
    await using transport = createHttpTransport();
    await using server = await serve(list);
    for (const [index, recording] of list.entries()) {
      if (isError(recording)) continue;
      const baseURL = `${server.url}/${index}`;
      const sdk = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
      const wanted = await sdk.embeddings.create({ model: "any", input: "text" });
      const rows = wanted.data.toSorted((a, b) => a.index - b.index);
      const dialect = { encoding: "base64" } as const;
      const model = createOpenAiEmbeddings({ baseUrl: baseURL, model: "any", transport, dialect });

      const answer = await model.embed({ inputs: inputs(rows.length) }, testContext());

      const name = `${textOf(recording["path"])} ${JSON.stringify(recording["i"])}`;
      expect.soft(numbers(answer.embeddings), name).toEqual(numbers(rows.map((row) => row.embedding)));
      expect.soft(answer.model, name).toBe(wanted.model ?? "any");
      const tokens = wanted.usage?.prompt_tokens ?? wanted.usage?.total_tokens ?? 0;
      expect.soft(answer.usage.inputTokens, name).toBe(tokens);
    }
  });

  test("maps every recorded refusal to its code", async () => {
    const refusals = list.filter(isError);
    await using server = await serve(refusals);
    const codes: unknown[] = [];
    for (const index of refusals.keys()) {
      codes.push(await codeOf(createOpenAiEmbeddings({ baseUrl: `${server.url}/${index}`, model: "any" })));
    }
    expect(codes).toEqual([
      "model.not_found",
      "model.not_found",
      "model.not_found",
      "model.auth",
      "model.invalid_request",
    ]);
  });

  test("takes no text where numbers were asked for: vLLM's has been 64-bit floats", async () => {
    const texts = recorded("vllm_local.embeddings");
    await using server = await serve(texts);
    const codes = await Promise.all(
      texts.map((_, index) =>
        codeOf(createOpenAiEmbeddings({ baseUrl: `${server.url}/${index}`, model: "e5" })),
      ),
    );
    expect(codes).toEqual(["model.parse", "model.parse"]);
    expect(server.bodies[0]).toMatchObject({ encoding_format: "float" });
  });
});

describe("createGeminiEmbeddings() on recorded answers", () => {
  test("reads every vector of batchEmbedContents", async () => {
    const list = recorded("gemini.embeddings");
    await using server = await serve(list);
    expect(list).toHaveLength(15);
    for (const [index, { response }] of list.entries()) {
      const body = objectOf(response);
      const rows = Array.isArray(body["embeddings"]) ? body["embeddings"].map(objectOf) : [];
      const model = createGeminiEmbeddings({
        baseUrl: `${server.url}/${index}`,
        model: "gemini-embedding-001",
      });

      const answer = await model.embed({ inputs: inputs(rows.length), purpose: "query" }, testContext());

      expect.soft(numbers(answer.embeddings)).toEqual(numbers(rows.map((row) => floats(row["values"]))));
      expect.soft(answer.usage.inputTokens).toBe(objectOf(body["usageMetadata"])["promptTokenCount"] ?? 0);
    }
    expect(server.bodies[0]).toMatchObject({ requests: [{ taskType: "RETRIEVAL_QUERY" }] });
  });

  test("reads Vertex's predict, with its tokens", async () => {
    const list = recorded("vertex.embeddings", ":predict");
    await using server = await serve(list);
    const model = createGeminiEmbeddings({
      baseUrl: `${server.url}/0`,
      model: "gemini-embedding-001",
      method: "predict",
    });

    const answer = await model.embed({ inputs: ["Hello, world!"], purpose: "query" }, testContext());

    expect(answer.embeddings[0]?.slice(0, 2)).toEqual(
      new Float32Array([-0.020920176059007645, 0.009755219332873821]),
    );
    expect(answer.usage.inputTokens).toBe(4);
    expect(server.bodies[0]).toEqual({
      instances: [{ content: "Hello, world!", task_type: "RETRIEVAL_QUERY" }],
    });
  });
});

describe("createCohereEmbeddings() on recorded answers", () => {
  test("reads every vector, and refuses what the provider refused", async () => {
    const list = recorded("cohere.embeddings");
    await using server = await serve(list);
    for (const [index, recording] of list.entries()) {
      const model = createCohereEmbeddings({ baseUrl: `${server.url}/${index}`, model: "embed-v4.0" });
      if (isError(recording)) {
        expect.soft(await codeOf(model)).toBe("model.not_found");
        continue;
      }
      const rows = objectOf(objectOf(recording["response"])["embeddings"])["float"];
      const wanted = Array.isArray(rows) ? rows.map(floats) : [];

      const answer = await model.embed({ inputs: inputs(wanted.length), purpose: "query" }, testContext());

      expect.soft(wanted.length).toBeGreaterThan(0);
      expect.soft(numbers(answer.embeddings)).toEqual(numbers(wanted));
    }
    expect(server.bodies[0]).toMatchObject({ input_type: "search_query", truncate: "NONE" });
  });
});

describe("createOllamaEmbeddings()", () => {
  test("asks /api/embed for all texts at once and reads vectors and tokens", async () => {
    const response = {
      model: "all-minilm",
      embeddings: [
        [0.5, -1],
        [0.25, 2],
      ],
      prompt_eval_count: 8,
    };
    await using server = await serve([{ response }]);
    const model = createOllamaEmbeddings({
      baseUrl: `${server.url}/0`,
      model: "all-minilm",
      keepAlive: "1m",
    });

    const answer = await model.embed({ inputs: ["a", "b"] }, testContext());

    expect(numbers(answer.embeddings)).toEqual([
      [0.5, -1],
      [0.25, 2],
    ]);
    expect(answer.usage.inputTokens).toBe(8);
    expect(server.bodies[0]).toEqual({
      model: "all-minilm",
      input: ["a", "b"],
      truncate: false,
      keep_alive: "1m",
    });
  });
});

function floats(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
