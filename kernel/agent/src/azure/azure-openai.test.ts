import { inspect } from "node:util";

import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { readOpenAiRecordings } from "../openai-recordings.test.support.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { azureUrl } from "./azure-endpoint.ts";
import type { AzurePlace } from "./azure-endpoint.ts";
import { createAzureOpenAi } from "./azure-openai.ts";
import type { AzureOpenAiOptions } from "./azure-openai.ts";

const chatEnd = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const responsesEnd = 'data: {"type":"response.completed","response":{"status":"completed","output":[]}}\n\n';

/** What a server sees of calls made with these options. */
async function seenWith(options: Partial<AzureOpenAiOptions>, calls = 1) {
  const seen: { url: string | undefined; key: unknown; bearer: unknown; model: unknown; include: unknown }[] =
    [];
  await using server = await startLoopback(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const { url, headers } = request;
    const { model, include } = Object(body);
    seen.push({ url, key: headers["api-key"], bearer: headers.authorization, model, include });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(options.api === "responses" ? responsesEnd : chatEnd);
  });
  await using transport = createHttpTransport();
  const model = createAzureOpenAi({ endpoint: server.url, deployment: "my gpt", transport, ...options });
  for (let call = 0; call < calls; call++) await readAll(model);
  return { seen, model };
}

describe("createAzureOpenAi()", () => {
  test("asks the v1 API with the key of the resource", async () => {
    const { seen, model } = await seenWith({ apiKey: "k" });

    expect(seen).toEqual([
      {
        url: "/openai/v1/chat/completions",
        key: "k",
        bearer: undefined,
        model: "my gpt",
        include: undefined,
      },
    ]);
    expect(model).toMatchObject({ provider: "azure", id: "my gpt" });
  });

  test("asks a version of old at the address of the deployment", async () => {
    const { seen } = await seenWith({ apiKey: "k", apiVersion: "2024-10-21" });

    expect(seen[0]?.url).toBe("/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21");
  });

  test("speaks Responses, and asks for encrypted thinking if the model behind the deployment thinks", async () => {
    const plain = await seenWith({ apiKey: "k", api: "responses" });
    const dated = await seenWith({
      apiKey: "k",
      api: "responses",
      apiVersion: "2025-04-01-preview",
      model: "gpt-5.2",
    });

    expect(plain.seen[0]).toMatchObject({ url: "/openai/v1/responses", include: undefined, key: "k" });
    expect(dated.seen[0]).toMatchObject({
      url: "/openai/responses?api-version=2025-04-01-preview",
      model: "my gpt",
      include: ["reasoning.encrypted_content"],
    });
  });

  test("asks for a token of Entra ID at every call, or when the last one runs out", async () => {
    let asked = 0;
    const always = await seenWith({ entraToken: async () => `t${++asked}` }, 2);
    const now = Date.now();
    const hour = await seenWith(
      { entraToken: async () => ({ token: `t${++asked}`, expiresAtMs: now + 3_600_000 }) },
      2,
    );
    const minute = await seenWith(
      { entraToken: async () => ({ token: `t${++asked}`, expiresAtMs: now + 60_000 }) },
      2,
    );

    const bearersOf = ({ seen }: typeof always): unknown => seen.map(({ bearer, key }) => [bearer, key]);
    expect(bearersOf(always)).toEqual([
      ["Bearer t1", undefined],
      ["Bearer t2", undefined],
    ]);
    expect(bearersOf(hour)).toEqual([
      ["Bearer t3", undefined],
      ["Bearer t3", undefined],
    ]);
    expect(bearersOf(minute)).toEqual([
      ["Bearer t4", undefined],
      ["Bearer t5", undefined],
    ]);
  });

  test("shares one request for a token between calls, and asks again after a failure", async () => {
    let asked = 0;
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(chatEnd);
    });
    await using transport = createHttpTransport();
    const model = createAzureOpenAi({
      endpoint: server.url,
      deployment: "d",
      transport,
      entraToken: async () => {
        asked++;
        if (asked === 1) throw new Error("the identity service is down");
        return { token: "t", expiresAtMs: Date.now() + 3_600_000 };
      },
    });

    const failures = await Promise.allSettled([readAll(model), readAll(model)]);
    await Promise.all([readAll(model), readAll(model)]);

    expect(failures).toMatchObject([{ reason: { code: "model.auth" } }, { reason: { code: "model.auth" } }]);
    expect(asked).toBe(2);
  });

  test("says which filters struck, as the answer to a request and at the end of a stream", async () => {
    const refusal = readOpenAiRecordings("chat.completions").find(
      ({ provider, body }) => provider === "azure" && body.includes("ResponsibleAIPolicyViolation"),
    );
    await using server = await startLoopback((request, response) => {
      const isRefused = request.url?.includes("refused") === true;
      response.writeHead(isRefused ? 400 : 200, {
        "content-type": isRefused ? "application/json" : "text/event-stream",
      });
      response.end(
        isRefused
          ? refusal?.body
          : `data: {"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}\n\n${chatEnd.replace("stop", "content_filter")}`,
      );
    });
    await using transport = createHttpTransport();
    const create = (deployment: string) =>
      createAzureOpenAi({
        endpoint: server.url,
        deployment,
        apiVersion: "2024-10-21",
        apiKey: "secret-key",
        transport,
      });
    const error: unknown = await readAll(create("refused")).catch((thrown: unknown) => thrown);
    const { finished } = await readAll(create("stopped"));

    expect(error).toMatchObject({
      code: "model.content_filtered",
      class: "permanent",
      details: { provider: "azure", providerCode: "content_filter", filters: ["hate", "violence"] },
    });
    expect(inspect(error, { depth: 9 })).not.toContain("secret-key");
    expect(finished.stopReason).toBe("content_filtered");
  });

  test("refuses places that are none, and two secrets at once", () => {
    const places: readonly Partial<AzureOpenAiOptions>[] = [
      {},
      { resource: "a", endpoint: "https://a" },
      { resource: "evil.example/" },
      { resource: "a.b" },
      { endpoint: "a.openai.azure.com" },
      { resource: "a", deployment: "" },
      { resource: "a", apiKey: "k", entraToken: async () => "t" },
    ];
    for (const place of places) {
      expect(() => createAzureOpenAi({ deployment: "d", ...place })).toThrow(
        expect.objectContaining({ code: "model.invalid_request" }),
      );
    }
  });
});

describe("azureUrl()", () => {
  test.each<[Omit<AzurePlace, "deployment">, string]>([
    [{ resource: "acme-1" }, "https://acme-1.openai.azure.com/openai/v1/chat/completions"],
    [
      { endpoint: "https://acme.services.ai.azure.com/" },
      "https://acme.services.ai.azure.com/openai/v1/chat/completions",
    ],
    [
      { endpoint: "https://acme.openai.azure.com/openai/v1/" },
      "https://acme.openai.azure.com/openai/v1/chat/completions",
    ],
    [
      { endpoint: "https://gateway.example/azure", apiVersion: "preview" },
      "https://gateway.example/azure/openai/v1/chat/completions?api-version=preview",
    ],
    [
      { endpoint: "https://a.example/?tenant=x", apiVersion: "2024-10-21" },
      "https://a.example/openai/deployments/d/chat/completions?tenant=x&api-version=2024-10-21",
    ],
  ])("makes of %j the address %s", (place, expected) => {
    expect(azureUrl({ ...place, deployment: "d" }, "chat").href).toBe(expected);
  });
});
