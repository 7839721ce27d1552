import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, embedding, only, tokens, usd } from "./facts.ts";

const command: CapabilityFacts = {
  ...chat,
  tools: "yes",
  structuredOutput: "strict_schema",
  sampling: "yes",
  input: only("text"),
};

export const cohereModels: ModelList = {
  provider: "cohere",
  source: "docs.cohere.com, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    {
      id: "command-a-reasoning-08-2025",
      facts: {
        ...command,
        ...tokens(256_000, 32_000),
        reasoning: "yes",
        price: usd({ input: 2.5, output: 10 }),
      },
    },
    {
      id: "command-a-03-2025",
      facts: { ...command, ...tokens(256_000, 8_000), price: usd({ input: 2.5, output: 10 }) },
    },
    {
      id: "command-r-08-2024",
      facts: { ...command, ...tokens(128_000, 4_000), price: usd({ input: 0.15, output: 0.6 }) },
    },
    {
      id: "command-r7b-12-2024",
      facts: {
        ...command,
        ...tokens(128_000, 4_000),
        reasoning: "no",
        price: usd({ input: 0.0375, output: 0.15 }),
      },
    },
    // Price known from one collection only.
    {
      id: "embed-v4.0",
      facts: {
        ...embedding,
        ...tokens(128_000),
        input: { text: "yes" },
        price: usd({ input: 0.12, output: 0 }),
      },
    },
  ],
};
