import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, usd } from "./facts.ts";

const kimi: CapabilityFacts = {
  ...chat,
  tools: "yes",
  promptCache: "implicit_prefix",
  input: only("text"),
};
const thinking: CapabilityFacts = { ...kimi, reasoning: "yes", reasoningWithTools: "yes" };
const seeing: CapabilityFacts = { ...thinking, input: only("text", "image") };
const direct: CapabilityFacts = { ...kimi, reasoning: "no", reasoningWithTools: "no", sampling: "yes" };

export const moonshotModels: ModelList = {
  provider: "moonshot",
  source: "platform.moonshot.ai, by way of models.dev and genai-prices, November 2026",
  models: [
    // Price known from one collection only.
    {
      id: "kimi-k3.1-pro",
      facts: {
        ...seeing,
        ...tokens(1_048_576, 1_048_576),
        price: usd({ input: 2, output: 10, cacheRead: 0.2 }),
      },
    },
    {
      id: "kimi-k3",
      facts: {
        ...seeing,
        ...tokens(1_048_576, 1_048_576),
        price: usd({ input: 3, output: 15, cacheRead: 0.3 }),
      },
    },
    {
      id: "kimi-k2.7-code",
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.95, output: 4, cacheRead: 0.19 }),
      },
    },
    {
      id: "kimi-k2.6",
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.95, output: 4, cacheRead: 0.16 }),
      },
    },
    {
      id: "kimi-k2.5",
      facts: {
        ...seeing,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.6, output: 3, cacheRead: 0.1 }),
      },
    },
    {
      id: "kimi-k2-thinking",
      facts: {
        ...thinking,
        ...tokens(262_144, 262_144),
        sampling: "yes",
        price: usd({ input: 0.6, output: 2.5, cacheRead: 0.15 }),
      },
    },
    {
      id: "kimi-k2-thinking-turbo",
      facts: {
        ...thinking,
        ...tokens(262_144, 262_144),
        sampling: "yes",
        price: usd({ input: 1.15, output: 8, cacheRead: 0.15 }),
      },
    },
    {
      id: "kimi-k2-0905-preview",
      facts: {
        ...direct,
        ...tokens(262_144, 262_144),
        price: usd({ input: 0.6, output: 2.5, cacheRead: 0.15 }),
      },
    },
    {
      id: "kimi-k2-0711-preview",
      facts: {
        ...direct,
        ...tokens(131_072, 16_384),
        price: usd({ input: 0.6, output: 2.5, cacheRead: 0.15 }),
      },
    },
  ],
};
