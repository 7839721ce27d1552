import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import { createAzureOpenAi } from "./azure/azure-openai.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";

const model = "m";
const azure = { deployment: "m", resource: "r" };

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
    ["Ollama", createOllama({ model }), createOllama({ model, options: { num_ctx: 1 } })],
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
});
