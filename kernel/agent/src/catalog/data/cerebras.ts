import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, usd } from "./facts.ts";

const thinking: CapabilityFacts = {
  ...chat,
  tools: "yes",
  reasoning: "yes",
  sampling: "yes",
  input: only("text"),
};

export const cerebrasModels: ModelList = {
  provider: "cerebras",
  source:
    "inference-docs.cerebras.ai, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    {
      id: "gpt-oss-120b",
      facts: { ...thinking, ...tokens(131_072, 40_960), price: usd({ input: 0.35, output: 0.75 }) },
    },
    {
      id: "zai-glm-4.7",
      facts: { ...thinking, ...tokens(131_072), price: usd({ input: 2.25, output: 2.75 }) },
    },
    // Price known from one collection only.
    {
      id: "qwen-3.8-27b",
      facts: {
        ...thinking,
        ...tokens(131_072, 40_960),
        input: only("text", "image"),
        price: usd({ input: 0.99, output: 1.49 }),
      },
    },
    {
      id: "gemma-4-31b",
      facts: {
        ...thinking,
        ...tokens(131_072),
        tools: "unknown",
        input: { text: "yes" },
        price: usd({ input: 0.99, output: 1.49 }),
      },
    },
  ],
};
