import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, usd } from "./facts.ts";

const glm: CapabilityFacts = {
  ...chat,
  tools: "yes",
  reasoning: "yes",
  reasoningWithTools: "yes",
  promptCache: "implicit_prefix",
  sampling: "yes",
  input: only("text"),
};

export const zaiModels: ModelList = {
  provider: "zai",
  source: "docs.z.ai, by way of models.dev, and recorded traffic, November 2026",
  models: [
    {
      id: "glm-5.3",
      facts: {
        ...glm,
        ...tokens(1_000_000, 131_072),
        price: usd({ input: 1.4, output: 4.4, cacheRead: 0.26 }),
      },
    },
    // Sources disagree on the price.
    { id: "glm-5.3-flash", facts: { ...glm, ...tokens(1_000_000, 131_072), input: only("text", "image") } },
    {
      id: "glm-5.2",
      facts: {
        ...glm,
        ...tokens(1_000_000, 131_072),
        price: usd({ input: 1.4, output: 4.4, cacheRead: 0.26 }),
      },
    },
    // Price known from one collection only.
    {
      id: "glm-4.7",
      facts: {
        ...glm,
        ...tokens(204_800, 131_072),
        price: usd({ input: 0.6, output: 2.2, cacheRead: 0.11 }),
      },
    },
    {
      id: "glm-4.7-flash",
      facts: { ...glm, ...tokens(200_000, 131_072) },
    },
    {
      id: "glm-4.6v",
      facts: { ...glm, reasoningWithTools: "unknown", input: only("text", "image") },
    },
    {
      id: "glm-4.5",
      facts: { ...glm, ...tokens(128_000, 96_000) },
    },
    {
      id: "glm-4.5-air",
      facts: { ...glm, ...tokens(128_000, 96_000) },
    },
  ],
};
