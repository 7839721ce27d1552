import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, usd } from "./facts.ts";

const deepSeek: CapabilityFacts = {
  ...chat,
  tools: "yes",
  structuredOutput: "json_mode",
  promptCache: "implicit_prefix",
  sampling: "yes",
  input: only("text"),
};
const thinking: CapabilityFacts = { ...deepSeek, reasoning: "yes", reasoningWithTools: "yes" };

export const deepSeekModels: ModelList = {
  provider: "deepseek",
  source: "api-docs.deepseek.com, by way of models.dev, and recorded traffic, November 2026",
  models: [
    // The price of the peak hours; outside of them it is half.
    {
      id: "deepseek-v4-pro",
      facts: {
        ...thinking,
        ...tokens(1_000_000, 384_000),
        price: usd({ input: 1.32, output: 3.96, cacheRead: 0.044 }),
      },
    },
    // Price known from one collection only.
    {
      id: "deepseek-flash",
      facts: {
        ...thinking,
        ...tokens(1_000_000, 384_000),
        input: only("text", "image"),
        price: usd({ input: 0.3, output: 1.2, cacheRead: 0.006 }),
      },
    },
    // Sources disagree on the price.
    {
      id: "deepseek-v4-flash",
      facts: { ...thinking, ...tokens(1_000_000, 384_000) },
    },
    // Names that have meant several models, so that no price is certain.
    {
      id: "deepseek-reasoner",
      facts: { ...thinking, ...tokens(128_000), parallelTools: "yes" },
    },
    {
      id: "deepseek-chat",
      facts: { ...deepSeek, ...tokens(128_000) },
    },
  ],
};
