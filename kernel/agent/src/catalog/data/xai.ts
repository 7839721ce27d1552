import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, usd } from "./facts.ts";

const grok: CapabilityFacts = {
  ...chat,
  tools: "yes",
  parallelTools: "yes",
  forcedTools: "yes",
  structuredOutput: "strict_schema",
  promptCache: "implicit_prefix",
  sampling: "yes",
  input: { ...only("text"), file: "unknown" },
};
const thinking: CapabilityFacts = {
  ...grok,
  reasoning: "yes",
  reasoningWithTools: "yes",
  toolsWithSchema: "yes",
};
const seeing: CapabilityFacts = { ...thinking, input: { ...only("text", "image"), file: "unknown" } };
const direct: CapabilityFacts = { ...grok, reasoning: "no", reasoningWithTools: "no" };

export const xaiModels: ModelList = {
  provider: "xai",
  source: "docs.x.ai, by way of models.dev and genai-prices, November 2026",
  models: [
    // Price known from one collection only.
    {
      id: "grok-4.7",
      facts: {
        ...seeing,
        ...tokens(500_000, 500_000),
        price: usd(
          { input: 2, output: 6, cacheRead: 0.5 },
          { above: 200_000, input: 4, output: 12, cacheRead: 1 },
        ),
      },
    },
    {
      id: "grok-4.6",
      facts: {
        ...seeing,
        ...tokens(500_000, 500_000),
        price: usd(
          { input: 2, output: 6, cacheRead: 0.5 },
          { above: 200_000, input: 4, output: 12, cacheRead: 1 },
        ),
      },
    },
    {
      id: "grok-4.5",
      facts: {
        ...seeing,
        ...tokens(500_000, 500_000),
        price: usd(
          { input: 2, output: 6, cacheRead: 0.3 },
          { above: 200_000, input: 4, output: 12, cacheRead: 0.6 },
        ),
      },
    },
    {
      id: "grok-4.3",
      facts: {
        ...seeing,
        ...tokens(1_000_000, 30_000),
        price: usd(
          { input: 1.25, output: 2.5, cacheRead: 0.2 },
          { above: 200_000, input: 2.5, output: 5, cacheRead: 0.4 },
        ),
      },
    },
    {
      id: "grok-4-1-fast-reasoning",
      aliases: ["grok-4-1-fast"],
      facts: { ...seeing, ...tokens(2_000_000), price: usd({ input: 0.2, output: 0.5, cacheRead: 0.05 }) },
    },
    {
      id: "grok-4-1-fast-non-reasoning",
      facts: {
        ...direct,
        ...tokens(2_000_000),
        input: { text: "yes", image: "yes" },
        price: usd({ input: 0.2, output: 0.5, cacheRead: 0.05 }),
      },
    },
    {
      id: "grok-4-fast-reasoning",
      aliases: ["grok-4-fast"],
      facts: { ...seeing, ...tokens(2_000_000), price: usd({ input: 0.2, output: 0.5, cacheRead: 0.05 }) },
    },
    {
      id: "grok-4-fast-non-reasoning",
      facts: {
        ...direct,
        ...tokens(2_000_000),
        input: { text: "yes", image: "yes" },
        price: usd({ input: 0.2, output: 0.5, cacheRead: 0.05 }),
      },
    },
    {
      id: "grok-4",
      aliases: ["grok-4-0709", "grok-4-latest"],
      facts: { ...seeing, ...tokens(256_000), price: usd({ input: 3, output: 15, cacheRead: 0.75 }) },
    },
    {
      id: "grok-code-fast-1",
      aliases: ["grok-code-fast"],
      facts: { ...thinking, ...tokens(256_000), price: usd({ input: 0.2, output: 1.5, cacheRead: 0.02 }) },
    },
    {
      id: "grok-3",
      aliases: ["grok-3-latest"],
      facts: { ...direct, ...tokens(131_072), price: usd({ input: 3, output: 15, cacheRead: 0.75 }) },
    },
    {
      id: "grok-3-mini",
      aliases: ["grok-3-mini-latest"],
      facts: {
        ...thinking,
        ...tokens(131_072),
        toolsWithSchema: "unknown",
        price: usd({ input: 0.3, output: 0.5, cacheRead: 0.075 }),
      },
    },
  ],
};
