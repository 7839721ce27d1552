import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { apart, chat, only, tokens, usd } from "./facts.ts";

// A deployment has a name of its own: say in the configuration which model is behind it.
const foundry: CapabilityFacts = { ...chat, tools: "yes" };
const gpt: CapabilityFacts = {
  ...foundry,
  parallelTools: "yes",
  forcedTools: "yes",
  structuredOutput: "strict_schema",
  toolsWithSchema: "yes",
  reasoning: "yes",
  reasoningWithTools: "yes",
  promptCache: "implicit_prefix",
  input: { ...only("text", "image"), file: "unknown" },
};
const older: CapabilityFacts = { ...gpt, parallelTools: "unknown", sampling: "no" };
const classic: CapabilityFacts = { ...gpt, reasoning: "no", reasoningWithTools: "no", sampling: "yes" };
const claude: CapabilityFacts = {
  ...foundry,
  parallelTools: "yes",
  forcedTools: "yes",
  reasoning: "yes",
  reasoningWithTools: "yes",
  promptCache: "explicit_marker",
  sampling: "yes",
  input: only("text", "image", "file"),
};
const open: CapabilityFacts = { ...foundry, sampling: "yes", input: only("text") };

export const azureModels: ModelList = {
  provider: "azure",
  source: "Azure AI Foundry, by way of models.dev, November 2026",
  models: [
    {
      id: "gpt-5.5",
      facts: { ...gpt, ...apart(922_000, 128_000) },
    },
    {
      id: "gpt-5.4",
      facts: { ...gpt, ...apart(922_000, 128_000) },
    },
    // Sources disagree on what cached tokens cost here.
    {
      id: "gpt-5.2",
      facts: { ...gpt, ...apart(272_000, 128_000) },
    },
    {
      id: "gpt-5.1",
      facts: { ...gpt, ...apart(272_000, 128_000) },
    },
    {
      id: "gpt-5",
      facts: {
        ...gpt,
        ...apart(272_000, 128_000),
        sampling: "no",
        price: usd({ input: 1.25, output: 10, cacheRead: 0.13 }),
      },
    },
    {
      id: "gpt-5-mini",
      facts: {
        ...gpt,
        ...apart(272_000, 128_000),
        sampling: "no",
        price: usd({ input: 0.25, output: 2, cacheRead: 0.03 }),
      },
    },
    {
      id: "gpt-5-nano",
      facts: {
        ...gpt,
        ...apart(272_000, 128_000),
        sampling: "no",
        price: usd({ input: 0.05, output: 0.4, cacheRead: 0.01 }),
      },
    },
    {
      id: "gpt-4.1",
      facts: {
        ...classic,
        ...tokens(1_047_576, 32_768),
        price: usd({ input: 2, output: 8, cacheRead: 0.5 }),
      },
    },
    {
      id: "gpt-4o",
      facts: {
        ...classic,
        ...tokens(128_000, 16_384),
        price: usd({ input: 2.5, output: 10, cacheRead: 1.25 }),
      },
    },
    {
      id: "gpt-4o-mini",
      facts: {
        ...classic,
        ...tokens(128_000, 16_384),
        price: usd({ input: 0.15, output: 0.6, cacheRead: 0.08 }),
      },
    },
    {
      id: "o4-mini",
      facts: {
        ...older,
        ...tokens(200_000, 100_000),
        price: usd({ input: 1.1, output: 4.4, cacheRead: 0.28 }),
      },
    },
    {
      id: "o3",
      facts: { ...older, ...tokens(200_000, 100_000), price: usd({ input: 2, output: 8, cacheRead: 0.5 }) },
    },
    {
      id: "o3-mini",
      facts: {
        ...older,
        ...tokens(200_000, 100_000),
        input: only("text"),
        price: usd({ input: 1.1, output: 4.4, cacheRead: 0.55 }),
      },
    },
    {
      id: "claude-opus-4-5",
      facts: {
        ...claude,
        ...tokens(200_000, 64_000),
        price: usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
      },
    },
    {
      id: "claude-sonnet-4-5",
      facts: { ...claude, ...tokens(200_000, 64_000) },
    },
    {
      id: "grok-4",
      facts: {
        ...open,
        ...tokens(256_000),
        reasoning: "yes",
        reasoningWithTools: "yes",
        input: { text: "yes" },
      },
    },
    {
      id: "grok-4.6",
      facts: { ...open, reasoning: "yes", reasoningWithTools: "yes", input: { text: "yes" } },
    },
    // The weights read 163,840 tokens; a larger window is claimed for this offer.
    {
      id: "deepseek-v3.2",
      facts: {
        ...open,
        ...tokens(163_840, 128_000),
        reasoning: "yes",
        reasoningWithTools: "yes",
        price: usd({ input: 0.58, output: 1.68 }),
      },
    },
    {
      id: "deepseek-v4-pro",
      facts: { ...open, ...tokens(1_000_000, 384_000), reasoning: "yes", reasoningWithTools: "yes" },
    },
    {
      id: "mistral-large-3",
      aliases: ["mistral-large-2512"],
      facts: { ...open, ...tokens(262_144, 262_144), reasoning: "no", input: { text: "yes", image: "yes" } },
    },
    // Whether it calls tools is told in several ways.
    {
      id: "phi-4-reasoning",
      facts: { ...chat, ...tokens(32_768), reasoning: "yes", input: only("text") },
    },
    {
      id: "kimi-k2-thinking",
      facts: { ...open, ...tokens(262_144, 262_144), reasoning: "yes", reasoningWithTools: "yes" },
    },
  ],
};
