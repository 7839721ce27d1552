import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { apart, half, only, priority, tokens, usd } from "./facts.ts";
import { classicModels, gpt, schema } from "./openai-classic.ts";

/** Reasoning models refuse temperature and top-p. */
const thinking: CapabilityFacts = {
  ...gpt,
  ...schema,
  reasoning: "yes",
  reasoningWithTools: "yes",
  sampling: "no",
};
const gpt5: CapabilityFacts = { ...thinking, parallelTools: "yes" };
/** From 5.1 on they take a temperature while they do not think, and refuse it otherwise. */
const gpt51: CapabilityFacts = { ...gpt5, sampling: "unknown" };
const pro: CapabilityFacts = { ...thinking, structuredOutput: "unknown", toolsWithSchema: "unknown" };

export const openAiModels: ModelList = {
  provider: "openai",
  source: "developers.openai.com, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    // Price known from one collection only.
    {
      id: "gpt-6.1-sol",
      facts: {
        ...gpt5,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 },
          { above: 272_000, input: 4, output: 15, cacheRead: 0.2, cacheWrite: 5 },
        ),
      },
    },
    // Price known from one collection only.
    {
      id: "gpt-6.1-terra",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 1, output: 5, cacheRead: 0.05, cacheWrite: 1.25 },
          { above: 272_000, input: 2, output: 7.5, cacheRead: 0.1, cacheWrite: 2.5 },
        ),
      },
    },
    {
      id: "gpt-6-astra",
      facts: {
        ...gpt5,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 },
          { above: 272_000, input: 20, output: 75, cacheRead: 2, cacheWrite: 25 },
        ),
      },
    },
    {
      id: "gpt-6-sol",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
          { above: 272_000, input: 4, output: 15, cacheRead: 0.4, cacheWrite: 5 },
        ),
      },
    },
    {
      id: "gpt-6-luna",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
          { above: 272_000, input: 0.2, output: 0.75, cacheRead: 0.02, cacheWrite: 0.25 },
        ),
      },
    },
    {
      id: "gpt-5.6-sol",
      aliases: ["gpt-5.6"],
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5 },
          { above: 272_000, input: 8, output: 30, cacheRead: 0.8, cacheWrite: 10 },
        ),
      },
    },
    {
      id: "gpt-5.6-terra",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 2, output: 12, cacheRead: 0.2, cacheWrite: 2.5 },
          { above: 272_000, input: 4, output: 18, cacheRead: 0.4, cacheWrite: 5 },
        ),
      },
    },
    {
      id: "gpt-5.6-luna",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: usd(
          { input: 0.2, output: 1.2, cacheRead: 0.02, cacheWrite: 0.25 },
          { above: 272_000, input: 0.4, output: 1.8, cacheRead: 0.04, cacheWrite: 0.5 },
        ),
      },
    },
    {
      id: "gpt-5.5",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: priority(
          half(
            usd(
              { input: 5, output: 30, cacheRead: 0.5 },
              { above: 272_000, input: 10, output: 45, cacheRead: 1 },
            ),
            "batch",
            "flex",
          ),
          { input: 12.5, output: 75, cacheRead: 1.25 },
        ),
      },
    },
    {
      id: "gpt-5.5-pro",
      facts: {
        ...pro,
        ...apart(922_000, 128_000),
        price: usd({ input: 30, output: 180 }, { above: 272_000, input: 60, output: 270 }),
      },
    },
    {
      id: "gpt-5.4",
      facts: {
        ...gpt51,
        ...apart(922_000, 128_000),
        price: priority(
          half(
            usd(
              { input: 2.5, output: 15, cacheRead: 0.25 },
              { above: 272_000, input: 5, output: 22.5, cacheRead: 0.5 },
            ),
            "batch",
            "flex",
          ),
          { input: 5, output: 30, cacheRead: 0.5 },
        ),
      },
    },
    {
      id: "gpt-5.4-mini",
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: half(usd({ input: 0.75, output: 4.5, cacheRead: 0.075 }), "batch", "flex"),
      },
    },
    {
      id: "gpt-5.4-nano",
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: half(usd({ input: 0.2, output: 1.25, cacheRead: 0.02 }), "batch", "flex"),
      },
    },
    {
      id: "gpt-5.4-pro",
      facts: {
        ...pro,
        ...apart(922_000, 128_000),
        price: usd({ input: 30, output: 180 }, { above: 272_000, input: 60, output: 270 }),
      },
    },
    {
      id: "gpt-5.3-codex",
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: usd({ input: 1.75, output: 14, cacheRead: 0.175 }),
      },
    },
    {
      id: "gpt-5.2",
      aliases: ["gpt-5.2-codex"],
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: usd({ input: 1.75, output: 14, cacheRead: 0.175 }),
      },
    },
    {
      id: "gpt-5.2-pro",
      facts: { ...pro, ...apart(272_000, 128_000), price: usd({ input: 21, output: 168 }) },
    },
    {
      id: "gpt-5.1",
      aliases: ["gpt-5.1-codex", "gpt-5.1-codex-max"],
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: usd({ input: 1.25, output: 10, cacheRead: 0.125 }),
      },
    },
    {
      id: "gpt-5.1-codex-mini",
      facts: {
        ...gpt51,
        ...apart(272_000, 128_000),
        price: usd({ input: 0.25, output: 2, cacheRead: 0.025 }),
      },
    },
    {
      id: "gpt-5",
      aliases: ["gpt-5-codex"],
      facts: {
        ...gpt5,
        ...apart(272_000, 128_000),
        price: usd({ input: 1.25, output: 10, cacheRead: 0.125 }),
      },
    },
    {
      id: "gpt-5-mini",
      facts: {
        ...gpt5,
        ...apart(272_000, 128_000),
        price: usd({ input: 0.25, output: 2, cacheRead: 0.025 }),
      },
    },
    {
      id: "gpt-5-nano",
      facts: {
        ...gpt5,
        ...apart(272_000, 128_000),
        price: usd({ input: 0.05, output: 0.4, cacheRead: 0.005 }),
      },
    },
    {
      id: "gpt-5-pro",
      facts: { ...pro, ...apart(272_000, 128_000), price: usd({ input: 15, output: 120 }) },
    },
    {
      id: "o4-mini",
      facts: {
        ...thinking,
        ...tokens(200_000, 100_000),
        price: usd({ input: 1.1, output: 4.4, cacheRead: 0.275 }),
      },
    },
    {
      id: "o3",
      facts: {
        ...thinking,
        ...tokens(200_000, 100_000),
        price: usd({ input: 2, output: 8, cacheRead: 0.5 }),
      },
    },
    {
      id: "o3-pro",
      facts: { ...pro, ...tokens(200_000, 100_000), price: usd({ input: 20, output: 80 }) },
    },
    {
      id: "o3-mini",
      facts: {
        ...thinking,
        ...tokens(200_000, 100_000),
        input: only("text"),
        price: usd({ input: 1.1, output: 4.4, cacheRead: 0.55 }),
      },
    },
    {
      id: "o1",
      facts: {
        ...thinking,
        ...tokens(200_000, 100_000),
        price: usd({ input: 15, output: 60, cacheRead: 7.5 }),
      },
    },
    ...classicModels,
  ],
};
