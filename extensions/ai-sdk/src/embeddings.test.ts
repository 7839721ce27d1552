import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenAiEmbeddings } from "@tau/agent";
import type { EmbeddingModel } from "@tau/agent";
import { describeEmbeddingModel } from "@tau/agent/testing";
import type { EmbeddingFixture, EmbeddingScenario } from "@tau/agent/testing";
import { createCallContext } from "@tau/core";
import type { CallContext } from "@tau/core";
import { embed, embedMany } from "ai";
import { createOpenAICompatible as createV3 } from "openai-compatible-v3";
import { describe, expect, test } from "vitest";

import { fromAiSdkEmbeddings } from "./from-ai-sdk-embeddings.ts";
import { toAiSdkEmbeddings } from "./to-ai-sdk-embeddings.ts";

interface Body {
  readonly input: readonly string[];
  readonly dimensions?: number;
}

interface EmbeddingServer extends AsyncDisposable {
  readonly url: string;
  readonly bodies: readonly Body[];
  readonly openRequests: () => Promise<number>;
}

/** Gives `N` the vector `[N, N / 2]`, as OpenAI does. */
async function startServer(scenario: EmbeddingScenario): Promise<EmbeddingServer> {
  const bodies: Body[] = [];
  let open = 0;
  let first: (() => void) | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    open++;
    response.once("close", () => open--);
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body: Body = JSON.parse(text);
    bodies.push(body);
    if (scenario === "stall") return;
    if (scenario === "refuse") return send(response, 401, { error: { message: "wrong key" } });
    const inputs = scenario === "short" && body.input.length < 10 ? body.input.slice(0, -1) : body.input;
    const data = inputs.map((input, index) => ({ index, embedding: [Number(input), Number(input) / 2] }));
    const whole = { data, usage: { prompt_tokens: inputs.length, total_tokens: inputs.length } };
    // The first of several requests is answered after the second one.
    if (body.input[0] === "0" && scenario === "answer" && body.input.length > 1) {
      first = () => send(response, 200, whole);
      return undefined;
    }
    send(response, 200, whole);
    first?.();
    first = undefined;
    return undefined;
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    bodies,
    openRequests: async () => open,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function fixture(
  scenario: EmbeddingScenario,
  create: (baseURL: string) => EmbeddingModel,
): Promise<EmbeddingFixture> {
  const server = await startServer(scenario);
  return {
    model: create(server.url),
    openRequests: server.openRequests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describeEmbeddingModel("fromAiSdkEmbeddings(@ai-sdk/openai-compatible)", (scenario) =>
  fixture(scenario, (baseURL) =>
    fromAiSdkEmbeddings(createOpenAICompatible({ name: "x", baseURL }).embeddingModel("m"), {
      maxInputs: 10,
    }),
  ),
);

describeEmbeddingModel("fromAiSdkEmbeddings(@ai-sdk/openai-compatible of ai 6)", (scenario) =>
  fixture(scenario, (baseURL) =>
    fromAiSdkEmbeddings(createV3({ name: "x", baseURL }).embeddingModel("m"), { maxInputs: 10 }),
  ),
);

const principal = { id: "ada", kind: "person", scopes: [] } as const;
const context = (): CallContext => createCallContext({ tenant: "acme", principal });

describe("fromAiSdkEmbeddings()", () => {
  test("asks for dimensions in the provider's own words", async () => {
    await using server = await startServer("short");
    const theirs = createOpenAICompatible({ name: "x", baseURL: server.url }).embeddingModel("m");
    const model = fromAiSdkEmbeddings(theirs, {
      provider: "mine",
      price: { inputPerMillion: 1, outputPerMillion: 0 },
      providerOptions: ({ dimensions = 2 }) => ({ x: { dimensions } }),
    });
    const inputs = Array.from({ length: 10 }, (_, index) => String(index));

    const { usage } = await model.embed({ inputs, dimensions: 2 }, context());

    expect(usage.inputTokens).toBe(10);
    expect(model).toMatchObject({ provider: "mine", id: "m", price: { inputPerMillion: 1 } });
    expect(server.bodies).toMatchObject([{ input: inputs, dimensions: 2 }]);
  });
});

describe("toAiSdkEmbeddings()", () => {
  test("answers embed and embedMany, with usage, dimensions and purpose", async () => {
    await using server = await startServer("answer");
    const ours = createOpenAiEmbeddings({ baseUrl: server.url, model: "text-embedding-3-small" });
    const model = toAiSdkEmbeddings(ours, { context });

    const { embeddings, usage } = await embedMany({ model, values: ["4", "6"] });
    const { embedding } = await embed({
      model,
      value: "8",
      providerOptions: { tau: { dimensions: 2, purpose: "query" } },
    });

    expect(embeddings).toEqual([
      [4, 2],
      [6, 3],
    ]);
    expect(usage.tokens).toBe(2);
    expect(embedding).toEqual([8, 4]);
    expect(server.bodies.map(({ dimensions }) => dimensions)).toEqual([undefined, 2]);
  });

  test("fails as an APICallError, and aborts with the AI SDK's caller", async () => {
    await using refusing = await startServer("refuse");
    await using stalling = await startServer("stall");
    const create = (baseUrl: string) =>
      toAiSdkEmbeddings(createOpenAiEmbeddings({ baseUrl, model: "m" }), { context });

    await expect(embed({ model: create(refusing.url), value: "1", maxRetries: 0 })).rejects.toMatchObject({
      name: "AI_APICallError",
      statusCode: 401,
      isRetryable: false,
      cause: { code: "model.auth" },
    });

    const controller = new AbortController();
    const reason = new Error("enough");
    const asked = embed({ model: create(stalling.url), value: "1", abortSignal: controller.signal });
    const thrown = asked.catch((error: unknown) => error);
    await expect.poll(stalling.openRequests).toBe(1);
    controller.abort(reason);
    expect(await thrown).toBe(reason);
    await expect.poll(stalling.openRequests).toBe(0);
  });
});
