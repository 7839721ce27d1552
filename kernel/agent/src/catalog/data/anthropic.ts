import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, half, only, tokens, usd } from "./facts.ts";

const claude: CapabilityFacts = {
  ...chat,
  tools: "yes",
  parallelTools: "yes",
  forcedTools: "yes",
  promptCache: "explicit_marker",
  input: only("text", "image", "file"),
};

/** Before 4.5: a schema is asked for by a hidden tool, one of those that the model must choose from. */
const forced: CapabilityFacts = { structuredOutput: "forced_tool", toolsWithSchema: "yes" };
const plain: CapabilityFacts = { ...claude, ...forced, reasoning: "no", sampling: "yes" };
const thinking: CapabilityFacts = { ...claude, reasoning: "yes", reasoningWithTools: "yes" };
const early: CapabilityFacts = { ...thinking, ...forced, sampling: "yes" };
const strict: CapabilityFacts = { ...thinking, structuredOutput: "strict_schema", toolsWithSchema: "yes" };
const warm: CapabilityFacts = { ...strict, sampling: "yes" };
/** From Opus 4.7 on, temperature and top-p are refused. */
const cold: CapabilityFacts = { ...strict, sampling: "no" };

export const anthropicModels: ModelList = {
  provider: "anthropic",
  source: "platform.claude.com, by way of models.dev and genai-prices, November 2026",
  models: [
    // Price known from one collection only.
    {
      id: "claude-fable-5-2",
      facts: {
        ...strict,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10 }), "batch"),
      },
    },
    {
      id: "claude-fable-5-1",
      facts: {
        ...strict,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 10, output: 50, cacheRead: 0.25, cacheWrite: 12.5 }), "batch"),
      },
    },
    {
      id: "claude-fable-5",
      facts: {
        ...strict,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }), "batch"),
      },
    },
    {
      id: "claude-opus-5-5",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 }), "batch"),
      },
    },
    {
      id: "claude-opus-5",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-8",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-7",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-6",
      facts: {
        ...warm,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-5",
      facts: {
        ...warm,
        ...tokens(200_000, 64_000),
        price: half(usd({ input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-1",
      facts: {
        ...early,
        ...tokens(200_000, 32_000),
        price: half(usd({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }), "batch"),
      },
    },
    {
      id: "claude-opus-4-0",
      aliases: ["claude-opus-4"],
      facts: {
        ...early,
        ...tokens(200_000, 32_000),
        price: half(usd({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }), "batch"),
      },
    },
    {
      id: "claude-sonnet-5-5",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 }), "batch"),
      },
    },
    {
      id: "claude-sonnet-5",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }), "batch"),
      },
    },
    {
      id: "claude-sonnet-4-6",
      facts: {
        ...warm,
        ...tokens(1_000_000, 128_000),
        price: half(usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }), "batch"),
      },
    },
    {
      id: "claude-sonnet-4-5",
      facts: {
        ...warm,
        ...tokens(200_000, 64_000),
        price: half(
          usd(
            { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
            { above: 200_000, input: 6, output: 22.5, cacheRead: 0.6, cacheWrite: 7.5 },
          ),
          "batch",
        ),
      },
    },
    {
      id: "claude-sonnet-4-0",
      aliases: ["claude-sonnet-4"],
      facts: {
        ...early,
        ...tokens(200_000, 64_000),
        price: half(usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }), "batch"),
      },
    },
    {
      id: "claude-3-7-sonnet",
      aliases: ["claude-3-7-sonnet-latest"],
      facts: {
        ...early,
        ...tokens(200_000, 64_000),
        price: half(usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }), "batch"),
      },
    },
    {
      id: "claude-3-5-sonnet",
      aliases: ["claude-3-5-sonnet-latest"],
      facts: {
        ...plain,
        ...tokens(200_000, 8_192),
        price: half(usd({ input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }), "batch"),
      },
    },
    // Price known from one collection only.
    {
      id: "claude-haiku-5-5",
      facts: {
        ...cold,
        ...tokens(1_000_000, 128_000),
        price: half(
          usd(
            { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
            { above: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
          ),
          "batch",
        ),
      },
    },
    {
      id: "claude-haiku-4-5",
      facts: {
        ...warm,
        ...tokens(200_000, 64_000),
        price: half(usd({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 }), "batch"),
      },
    },
    {
      id: "claude-3-5-haiku",
      aliases: ["claude-3-5-haiku-latest"],
      facts: {
        ...plain,
        ...tokens(200_000, 8_192),
        price: half(usd({ input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 }), "batch"),
      },
    },
    {
      id: "claude-3-opus",
      aliases: ["claude-3-opus-latest"],
      facts: {
        ...plain,
        ...tokens(200_000, 4_096),
        price: half(usd({ input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }), "batch"),
      },
    },
    {
      id: "claude-3-haiku",
      facts: {
        ...plain,
        ...tokens(200_000, 4_096),
        price: half(usd({ input: 0.25, output: 1.25, cacheRead: 0.03, cacheWrite: 0.3 }), "batch"),
      },
    },
  ],
};
