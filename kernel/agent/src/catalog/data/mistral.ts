import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, embedding, only, tokens, usd } from "./facts.ts";

const mistral: CapabilityFacts = {
  ...chat,
  tools: "yes",
  parallelTools: "yes",
  forcedTools: "yes",
  structuredOutput: "strict_schema",
  sampling: "yes",
  input: { ...only("text"), file: "unknown" },
};
const plain: CapabilityFacts = { ...mistral, reasoning: "no", reasoningWithTools: "no" };
const seeing: CapabilityFacts = { ...plain, input: { ...only("text", "image"), file: "unknown" } };
const thinking: CapabilityFacts = { ...seeing, reasoning: "yes", reasoningWithTools: "unknown" };

export const mistralModels: ModelList = {
  provider: "mistral",
  source: "docs.mistral.ai, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    // Its preview has another price than it will have, so none is known.
    {
      id: "mistral-large-4",
      aliases: ["mistral-large-4-0-8"],
      facts: { ...thinking, ...tokens(1_048_576, 262_144) },
    },
    {
      id: "mistral-large-2512",
      aliases: ["mistral-large-latest", "mistral-large-3"],
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.5, output: 1.5, cacheRead: 0.05 }),
      },
    },
    {
      id: "mistral-large-2411",
      facts: { ...plain, ...tokens(131_072, 16_384), price: usd({ input: 2, output: 6 }) },
    },
    {
      id: "mistral-medium-3.5",
      aliases: ["mistral-medium-latest", "mistral-medium-2604"],
      facts: {
        ...thinking,
        ...tokens(262_144, 262_144),
        input: { ...only("text", "image", "file") },
        price: usd({ input: 1.5, output: 7.5, cacheRead: 0.15 }),
      },
    },
    {
      id: "mistral-medium-2508",
      aliases: ["mistral-medium-3-1"],
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.4, output: 2, cacheRead: 0.04 }),
      },
    },
    {
      id: "mistral-medium-2505",
      aliases: ["mistral-medium-3"],
      facts: {
        ...seeing,
        ...tokens(131_072, 131_072),
        price: usd({ input: 0.4, output: 2, cacheRead: 0.04 }),
      },
    },
    {
      id: "mistral-small-2603",
      aliases: ["mistral-small-latest"],
      facts: {
        ...thinking,
        ...tokens(262_144, 256_000),
        price: usd({ input: 0.15, output: 0.6, cacheRead: 0.015 }),
      },
    },
    {
      id: "mistral-small-2506",
      facts: {
        ...seeing,
        ...tokens(128_000, 16_384),
        price: usd({ input: 0.1, output: 0.3, cacheRead: 0.01 }),
      },
    },
    {
      id: "devstral-2512",
      aliases: ["devstral-latest", "devstral-medium-latest"],
      facts: {
        ...plain,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.4, output: 2, cacheRead: 0.04 }),
      },
    },
    // Free while it is in the labs, which says nothing of its price.
    {
      id: "labs-devstral-small-2512",
      aliases: ["devstral-small-2512"],
      facts: { ...seeing, ...tokens(256_000, 256_000) },
    },
    {
      id: "codestral-2508",
      aliases: ["codestral-latest"],
      facts: {
        ...plain,
        ...tokens(256_000, 8_192),
        price: usd({ input: 0.3, output: 0.9, cacheRead: 0.03 }),
      },
    },
    {
      id: "magistral-medium-latest",
      aliases: ["magistral-medium-2509"],
      facts: { ...thinking, ...tokens(262_144, 16_384), price: usd({ input: 2, output: 5, cacheRead: 0.2 }) },
    },
    {
      id: "ministral-14b-2512",
      aliases: ["ministral-14b-latest"],
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.2, output: 0.2, cacheRead: 0.02 }),
      },
    },
    {
      id: "ministral-8b-2512",
      aliases: ["ministral-8b-latest"],
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.15, output: 0.15, cacheRead: 0.015 }),
      },
    },
    {
      id: "ministral-3b-2512",
      aliases: ["ministral-3b-latest"],
      facts: { ...seeing, ...tokens(131_072), price: usd({ input: 0.1, output: 0.1, cacheRead: 0.01 }) },
    },
    {
      id: "open-mistral-nemo",
      aliases: ["mistral-nemo"],
      facts: {
        ...plain,
        ...tokens(128_000, 128_000),
        price: usd({ input: 0.15, output: 0.15, cacheRead: 0.015 }),
      },
    },
    {
      id: "voxtral-small-2507",
      aliases: ["voxtral-small-latest"],
      facts: {
        ...plain,
        ...tokens(32_768, 32_000),
        input: only("text", "audio"),
        price: usd({ input: 0.1, output: 0.4, cacheRead: 0.01 }),
      },
    },
    {
      id: "mistral-embed",
      aliases: ["mistral-embed-2312"],
      facts: { ...embedding, ...tokens(8_192), price: usd({ input: 0.1, output: 0 }) },
    },
  ],
};
