import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import { createAzureOpenAi } from "./azure/azure-openai.ts";
import { defineCapabilities } from "./capabilities.ts";
import { createGemini } from "./gemini/gemini.ts";
import { createVertexGemini } from "./gemini/vertex.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";

const model = "m";
const azure = { deployment: "m", resource: "r" };
const vertex = { model, project: "p" };
const thoughtless = defineCapabilities({ reasoning: "no" });

describe("settings of models", () => {
  test.each([
    ["Anthropic", createAnthropic({ model }), createAnthropic({ model, citeDocuments: true })],
    ["Anthropic's betas", createAnthropic({ model }), createAnthropic({ model, betas: ["b"] })],
    [
      "a dialect",
      createOpenAiChat({ model }),
      createOpenAiChat({ model, dialect: { requestFields: { top_k: 1 } } }),
    ],
    [
      "a provider of one's own",
      createOpenAiChat({
        model,
        baseUrl: "http://127.0.0.1:9",
        provider: { id: "toy", name: "Toy", dialect: {} },
      }),
      createOpenAiChat({
        model,
        baseUrl: "http://127.0.0.1:9",
        provider: { id: "toy", name: "Toy", dialect: { requestFields: { top_k: 1 } } },
      }),
    ],
    ["Azure", createAzureOpenAi(azure), createAzureOpenAi({ ...azure, dialect: { streamUsage: false } })],
    [
      "Responses",
      createOpenAiResponses({ model }),
      createOpenAiResponses({ model, reasoningSummary: "none" }),
    ],
    [
      "Azure's model behind Responses",
      createAzureOpenAi({ ...azure, api: "responses" }),
      createAzureOpenAi({ ...azure, api: "responses", model: "o3" }),
    ],
    ["Ollama", createOllama({ model }), createOllama({ model, options: { num_ctx: 1 } })],
    ["Ollama's window", createOllama({ model }), createOllama({ model, contextWindow: 1 })],
    ["Ollama's thinking", createOllama({ model }), createOllama({ model, capabilities: thoughtless })],
    ["Gemini's generation", createGemini({ model, generation: 2 }), createGemini({ model, generation: 3 })],
    ["Gemini's schemas", createGemini({ model }), createGemini({ model, schemas: "openapi" })],
    ["Gemini's thinking", createGemini({ model }), createGemini({ model, capabilities: thoughtless })],
    [
      "Gemini's pictures",
      createGemini({ model }),
      createGemini({ model, capabilities: defineCapabilities({ output: { image: "yes" } }) }),
    ],
    ["Vertex", createVertexGemini(vertex), createVertexGemini({ ...vertex, generation: 3 })],
    [
      "Anthropic's thinking, by what is known",
      createAnthropic({ model }),
      createAnthropic({ model, capabilities: thoughtless }),
    ],
    [
      "Anthropic's sampling",
      createAnthropic({ model }),
      createAnthropic({ model, capabilities: defineCapabilities({ sampling: "no" }) }),
    ],
    [
      "Anthropic's shape of answers",
      createAnthropic({ model }),
      createAnthropic({ model, capabilities: defineCapabilities({ structuredOutput: "strict_schema" }) }),
    ],
  ])("differ where one was told something that changes its answers: %s", (_name, plain, told) => {
    expect(told.settings).not.toBe(plain.settings);
  });

  test("are the same whatever key, price and transport there are", () => {
    const priced = createAnthropic({
      model,
      apiKey: "k",
      price: { inputPerMillion: 1, outputPerMillion: 1 },
      promptCache: false,
      timeouts: { idleMs: 1 },
    });

    expect(priced.settings).toBe(createAnthropic({ model }).settings);
  });

  test("are none where an adapter was told nothing that changes a request", () => {
    const capabilities = defineCapabilities({ chat: "yes", reasoning: "yes", output: { image: "no" } });
    const models = [
      createOpenAiChat({ model, dialect: {}, headers: {} }),
      createAzureOpenAi({ ...azure, dialect: {} }),
      createAnthropic({ model, betas: [], capabilities }),
      createOllama({ model, options: {}, capabilities }),
      createGemini({ model, capabilities, contextWindow: 1 }),
      createVertexGemini(vertex),
    ];

    expect(models.map(({ settings }) => settings)).toEqual(models.map(() => undefined));
  });
});
