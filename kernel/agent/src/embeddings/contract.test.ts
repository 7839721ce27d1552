import type { ServerResponse } from "node:http";

import { isJsonObject, parseJson } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { describeEmbeddingModel } from "../testing/describe-embedding-model.ts";
import type { EmbeddingFixture, EmbeddingScenario } from "../testing/describe-embedding-model.ts";
import { createCohereEmbeddings } from "./cohere-embeddings.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import { createGeminiEmbeddings } from "./gemini-embeddings.ts";
import { createOllamaEmbeddings } from "./ollama-embeddings.ts";
import { createOpenAiEmbeddings } from "./openai-embeddings.ts";

/** What differs between the protocols on the server's side. */
interface Wire {
  readonly inputsOf: (body: JsonObject) => readonly Json[];
  readonly answerOf: (vectors: readonly (readonly number[])[]) => JsonObject;
}

interface Options {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string;
  readonly maxInputs: number;
  readonly transport: HttpTransport;
}

async function fixture(
  scenario: EmbeddingScenario,
  { inputsOf, answerOf }: Wire,
  create: (options: Options) => EmbeddingModel,
): Promise<EmbeddingFixture> {
  const transport = createHttpTransport();
  let open = 0;
  let first: (() => void) | undefined;
  const server = await startLoopback(async (request, response) => {
    open++;
    response.once("close", () => open--);
    let text = "";
    for await (const chunk of request) text += String(chunk);
    if (scenario === "stall") return;
    if (scenario === "refuse") {
      send(response, 401, { error: { message: "wrong key" } });
      return;
    }
    const parsed = parseJson(text);
    const inputs = inputsOf(parsed.ok && isJsonObject(parsed.value) ? parsed.value : {});
    const wanted = scenario === "short" && inputs.length < 10 ? inputs.slice(0, -1) : inputs;
    const answer = answerOf(wanted.map((input) => [Number(input), Number(input) / 2]));
    // The first request is answered after the second one.
    if (inputs[0] === "0" && scenario === "answer") first = () => send(response, 200, answer);
    else {
      send(response, 200, answer);
      first?.();
      first = undefined;
    }
  });
  return {
    model: create({ baseUrl: server.url, model: "any", apiKey: "right-key", maxInputs: 10, transport }),
    openRequests: async () => open,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

describeEmbeddingModel("createOpenAiEmbeddings()", (scenario) =>
  fixture(
    scenario,
    {
      inputsOf: ({ input }) => listOf(input),
      // Servers need not keep the order: the index says whose a vector is.
      answerOf: (vectors) => ({
        data: vectors.map((embedding, index) => ({ index, embedding })).toReversed(),
        usage: { prompt_tokens: vectors.length },
      }),
    },
    createOpenAiEmbeddings,
  ),
);

describeEmbeddingModel("createGeminiEmbeddings()", (scenario) =>
  fixture(
    scenario,
    {
      inputsOf: ({ requests }) =>
        listOf(requests).map((request) => {
          const [part] = listOf(objectOf(objectOf(request)["content"])["parts"]);
          return objectOf(part)["text"] ?? null;
        }),
      answerOf: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
    },
    createGeminiEmbeddings,
  ),
);

describeEmbeddingModel("createOllamaEmbeddings()", (scenario) =>
  fixture(
    scenario,
    { inputsOf: ({ input }) => listOf(input), answerOf: (embeddings) => ({ embeddings }) },
    createOllamaEmbeddings,
  ),
);

describeEmbeddingModel("createCohereEmbeddings()", (scenario) =>
  fixture(
    scenario,
    { inputsOf: ({ texts }) => listOf(texts), answerOf: (float) => ({ embeddings: { float } }) },
    createCohereEmbeddings,
  ),
);
