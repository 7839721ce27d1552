import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { IncomingMessage, ServerResponse } from "node:http";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createCatalog } from "../catalog/catalog.ts";
import { startLoopback } from "../testing/loopback.ts";
import { getModels, refreshCatalog } from "./get-models.ts";
import { objectIn, textIn } from "../json-fields.ts";

const { signal } = new AbortController();
const now = () => Date.UTC(2026, 10, 26);

const fixtures = readFixtures();

function readFixtures(): JsonObject {
  const parsed = parseJson(readFileSync(new URL("../../fixtures/model-lists.json", import.meta.url), "utf8"));
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error("no fixtures");
  return parsed.value;
}

function answer(response: ServerResponse, body: Json | undefined, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body ?? null));
}

/** A server that answers with the pages of a fixture, one after the other, and keeps what it was asked. */
async function serve(provider: string) {
  const fixture = objectIn(fixtures[provider]);
  const pages = Array.isArray(fixture["pages"]) ? fixture["pages"] : [fixture["answer"]];
  const asked: Pick<IncomingMessage, "url" | "headers" | "method">[] = [];
  const server = await startLoopback((request, response) => {
    asked.push({ url: request.url, headers: request.headers, method: request.method });
    answer(response, pages[asked.length - 1]);
  });
  return { ...server, asked };
}

describe("getModels() of an OpenAI-compatible provider", () => {
  test("reads names where nothing else is told, and says whose list it is", async () => {
    await using server = await serve("cerebras");
    const baseUrl = `${server.url}/v1`;

    const list = await getModels({ provider: "cerebras", baseUrl, apiKey: "secret", now }, signal);

    expect(list.models.map(({ id }) => id)).toEqual(["gemma-4-31b", "gpt-oss-120b", "zai-glm-4.7"]);
    expect(list.source).toBe(`${new URL(server.url).host}, 2026-11-26`);
    expect(server.asked).toMatchObject([
      { method: "GET", url: "/v1/models", headers: { authorization: "Bearer secret" } },
    ]);
  });

  test("reads OpenRouter's rich list: prices, modalities, parameters", async () => {
    await using server = await serve("openrouter");

    const { models } = await getModels({ provider: "openrouter", baseUrl: server.url }, signal);

    expect(models[0]).toMatchObject({
      id: "google/gemini-3.7-flash",
      name: "Google: Gemini 3.7 Flash",
      facts: {
        tools: "yes",
        forcedTools: "yes",
        reasoning: "yes",
        sampling: "yes",
        structuredOutput: "strict_schema",
        input: { text: "yes", image: "yes", audio: "yes", video: "yes", file: "yes" },
        output: { text: "yes", image: "no" },
        maxContextTokens: 1_048_576,
        maxOutputTokens: 65_536,
        price: {
          inputPerMillion: 375_000,
          outputPerMillion: 1_875_000,
          cacheReadPerMillion: 37_500,
          // Rounded up: 0.0208333… dollars.
          cacheWritePerMillion: 20_834,
        },
      },
    });
    expect(models[1]?.facts).toMatchObject({
      tools: "no",
      reasoning: "no",
      structuredOutput: "none",
      input: { image: "no" },
      price: { inputPerMillion: 30_000_000, outputPerMillion: 60_000_000 },
    });
    expect(models[2]?.facts).not.toHaveProperty("price");
  });

  test("reads what Mistral says", async () => {
    await using server = await serve("mistral");

    const { models } = await getModels({ provider: "mistral", baseUrl: server.url }, signal);

    expect(models).toEqual([
      {
        id: "ministral-3b-2410",
        aliases: ["ministral-3b-old"],
        facts: { chat: "yes", tools: "yes", input: { image: "no" }, maxContextTokens: 32_768 },
      },
    ]);
  });

  test.each([
    ["vLLM", { object: "list", data: [{ id: "m", max_model_len: 8_192 }] }],
    ["Groq", { data: [{ id: "m", context_window: 8_192, active: true }] }],
    ["Together", [{ id: "m", type: "chat", context_length: 8_192 }]],
    ["llama.cpp", { data: [{ id: "m", meta: { n_ctx_train: 8_192, n_params: 1 } }] }],
  ])("reads the window that %s tells", async (_name, body) => {
    await using server = await startLoopback((_request, response) => answer(response, body));

    const { models } = await getModels({ provider: "any", baseUrl: server.url }, signal);

    expect(models).toMatchObject([{ id: "m", facts: { maxContextTokens: 8_192 } }]);
  });

  test("takes odd entries for what they are: data from outside", async () => {
    const data = [null, 7, {}, { id: 7 }, { id: "a b" }, { id: "x".repeat(300) }, { id: "good", aliases: 3 }];
    await using server = await startLoopback((_request, response) => answer(response, { data }));

    const { models } = await getModels({ provider: "any", baseUrl: server.url }, signal);

    expect(models).toEqual([{ id: "good", facts: {} }]);
  });
});

describe("getModels() of other protocols", () => {
  test("follows Anthropic's pages and leaves what is null unknown", async () => {
    await using server = await serve("anthropic");

    const { models } = await getModels({ provider: "anthropic", baseUrl: server.url, apiKey: "key" }, signal);

    expect(server.asked.map(({ url }) => url)).toEqual([
      "/v1/models?limit=1000",
      "/v1/models?limit=1000&after_id=claude-opus-4-6",
    ]);
    expect(server.asked[0]?.headers).toMatchObject({ "x-api-key": "key", "anthropic-version": "2023-06-01" });
    expect(models).toEqual([
      {
        id: "claude-opus-4-6",
        name: "Claude Opus 4.6",
        facts: {
          chat: "yes",
          reasoning: "yes",
          structuredOutput: "strict_schema",
          input: { image: "yes", file: "yes" },
          maxContextTokens: 1_000_000,
          maxOutputTokens: 128_000,
        },
      },
      { id: "claude-3-haiku-20240307", name: "Claude Haiku 3", facts: { chat: "yes" } },
    ]);
  });

  test("follows Gemini's pages", async () => {
    await using server = await serve("gemini");
    const baseUrl = `${server.url}/v1beta`;

    const { models } = await getModels({ provider: "google", baseUrl, apiKey: "key" }, signal);

    expect(server.asked.map(({ url }) => url)).toEqual([
      "/v1beta/models?pageSize=1000",
      "/v1beta/models?pageSize=1000&pageToken=abc%3D",
    ]);
    expect(server.asked[0]?.headers).toMatchObject({ "x-goog-api-key": "key" });
    expect(models).toMatchObject([
      {
        id: "gemini-2.5-flash",
        facts: { chat: "yes", embeddings: "no", reasoning: "yes", maxInputTokens: 1_048_576 },
      },
      { id: "gemini-embedding-001", facts: { chat: "no", embeddings: "yes", reasoning: "unknown" } },
    ]);
  });

  test("asks Ollama about each of its models", async () => {
    const fixture = objectIn(fixtures["ollama"]);
    const shown = objectIn(fixture["show"]);
    await using server = await startLoopback(async (request, response) => {
      if (request.url === "/api/tags") return answer(response, fixture["tags"]);
      const asked = parseJson(await text(request));
      const id = asked.ok ? textIn(objectIn(asked.value)["model"]) : undefined;
      return answer(response, shown[id ?? ""], request.url === "/api/show" ? 200 : 404);
    });

    const { models } = await getModels({ provider: "ollama", baseUrl: `${server.url}/v1` }, signal);

    expect(models).toMatchObject([
      {
        id: "gpt-oss:120b",
        facts: { tools: "yes", reasoning: "yes", input: { image: "no" }, maxContextTokens: 131_072 },
      },
      {
        id: "gemma3:latest",
        facts: {
          tools: "no",
          reasoning: "no",
          reasoningWithTools: "no",
          input: { image: "yes" },
          maxContextTokens: 2_048,
        },
      },
    ]);
  });

  test("stops following pages that never end", async () => {
    let pages = 0;
    await using server = await startLoopback((_request, response) => {
      answer(response, { data: [], has_more: true, last_id: `page-${++pages}` });
    });

    await getModels({ provider: "anthropic", baseUrl: server.url }, signal);

    expect(pages).toBe(20);
  });
});

describe("getModels() when it fails", () => {
  test.each([
    [401, { error: { message: "Incorrect API key: sk-hidden" } }, "model.auth"],
    [404, { error: { message: "no such path" } }, "model.not_found"],
    [429, {}, "model.rate_limited"],
    [500, {}, "model.server_error"],
    [302, {}, "model.redirected"],
    [200, { object: "list" }, "model.parse"],
    [200, "hello", "model.parse"],
  ])("%i %j is %s", async (status, body, code) => {
    await using server = await startLoopback((_request, response) => answer(response, body, status));
    const asking = getModels({ provider: "any", baseUrl: server.url, apiKey: "sk-hidden" }, signal);

    const error: unknown = await asking.catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code });
    expect(`${String(error)} ${String(error instanceof Error ? error.cause : "")}`).not.toContain(
      "sk-hidden",
    );
  });

  test("does not follow a redirect with the key", async () => {
    let followed = 0;
    await using other = await startLoopback((_request, response) => {
      followed++;
      answer(response, { data: [] });
    });
    await using server = await startLoopback((_request, response) => {
      response.writeHead(307, { location: other.url }).end();
    });

    await expect(getModels({ provider: "any", baseUrl: server.url }, signal)).rejects.toMatchObject({
      code: "model.redirected",
    });
    expect(followed).toBe(0);
  });

  test("says that nobody answers, that it took too long, and where to ask", async () => {
    await using server = await startLoopback(() => undefined);
    const gone = await startLoopback(() => undefined);
    await gone[Symbol.asyncDispose]();
    const ask = async (options: object) => await getModels({ provider: "any", ...options }, signal);

    await expect(ask({ baseUrl: gone.url })).rejects.toMatchObject({
      code: "model.network",
      details: { reason: "ECONNREFUSED" },
    });
    await expect(ask({ baseUrl: server.url, timeoutMs: 30 })).rejects.toMatchObject({
      code: "model.timeout",
    });
    await expect(ask({})).rejects.toMatchObject({ code: "model.invalid_request" });
    await expect(ask({ baseUrl: "file:///etc" })).rejects.toMatchObject({ code: "model.invalid_request" });
  });

  test("ends with the caller's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await using server = await startLoopback(() => controller.abort(reason));

    await expect(getModels({ provider: "any", baseUrl: server.url }, controller.signal)).rejects.toBe(reason);
  });

  test("refuses a page without an end", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (response.write("x".repeat(1_048_576)));
        response.once("drain", more);
      };
      more();
    });

    await expect(getModels({ provider: "any", baseUrl: server.url }, signal)).rejects.toMatchObject({
      code: "model.too_large",
    });
  });
});

describe("refreshCatalog()", () => {
  test("puts the provider's list into the catalog", async () => {
    await using server = await serve("openrouter");
    const before = createCatalog();

    const after = await refreshCatalog(before, { provider: "openrouter", baseUrl: server.url, now }, signal);

    expect(await after.find("openrouter", "google/gemini-3.7-flash")).toMatchObject({
      capabilities: { price: { inputPerMillion: 375_000 }, parallelTools: "yes" },
      sources: {
        price: `${new URL(server.url).host}, 2026-11-26`,
        parallelTools: "catalog: as gemini/gemini-3.7-flash",
      },
    });
    expect((await before.find("openrouter", "google/gemini-3.7-flash"))?.capabilities).not.toHaveProperty(
      "price",
    );
  });
});
