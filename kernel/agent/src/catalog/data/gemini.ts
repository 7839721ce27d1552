import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { apart, chat, embedding, only, tokens, usd } from "./facts.ts";

const gemini: CapabilityFacts = {
  ...chat,
  tools: "yes",
  parallelTools: "yes",
  forcedTools: "yes",
  structuredOutput: "strict_schema",
  reasoning: "yes",
  reasoningWithTools: "yes",
  sampling: "yes",
  promptCache: "implicit_prefix",
  input: only("text", "image", "audio", "video", "file"),
};
/** Before 3, a schema and functions in one request were refused. */
const two: CapabilityFacts = { ...gemini, toolsWithSchema: "no" };
const three: CapabilityFacts = { ...gemini, toolsWithSchema: "yes" };

export const geminiModels: ModelList = {
  provider: "gemini",
  source: "ai.google.dev, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    // Price known from one collection only.
    {
      id: "gemini-4-argon",
      facts: { ...three, ...apart(1_048_576, 32_768), price: usd({ input: 2, output: 10, cacheRead: 0.1 }) },
    },
    // Introductory prices are half of these through 2026.
    {
      id: "gemini-3.8-flash",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 1.5, output: 7.5, cacheRead: 0.15 }),
      },
    },
    // Introductory prices are half of these through 2026.
    {
      id: "gemini-3.7-flash",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 1.5, output: 7.5, cacheRead: 0.15 }),
      },
    },
    // Introductory prices are half of these through 2026.
    {
      id: "gemini-3.6-flash",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 1.5, output: 7.5, cacheRead: 0.15 }),
      },
    },
    {
      id: "gemini-3.5-flash",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 1.5, output: 9, cacheRead: 0.15 }),
      },
    },
    {
      id: "gemini-3.5-flash-lite",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 0.3, output: 2.5, cacheRead: 0.03 }),
      },
    },
    {
      id: "gemini-3.1-pro-preview",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd(
          { input: 2, output: 12, cacheRead: 0.2 },
          { above: 200_000, input: 4, output: 18, cacheRead: 0.4 },
        ),
      },
    },
    {
      id: "gemini-3.1-flash-lite",
      aliases: ["gemini-3.1-flash-lite-preview"],
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 0.25, output: 1.5, cacheRead: 0.025 }),
      },
    },
    {
      id: "gemini-3-pro-preview",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd(
          { input: 2, output: 12, cacheRead: 0.2 },
          { above: 200_000, input: 4, output: 18, cacheRead: 0.4 },
        ),
      },
    },
    {
      id: "gemini-3-flash-preview",
      facts: {
        ...three,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 0.5, output: 3, cacheRead: 0.05 }),
      },
    },
    {
      id: "gemini-2.5-pro",
      facts: {
        ...two,
        ...apart(1_048_576, 65_536),
        price: usd(
          { input: 1.25, output: 10, cacheRead: 0.125 },
          { above: 200_000, input: 2.5, output: 15, cacheRead: 0.25 },
        ),
      },
    },
    {
      id: "gemini-2.5-flash",
      facts: {
        ...two,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 0.3, output: 2.5, cacheRead: 0.03 }),
      },
    },
    {
      id: "gemini-2.5-flash-lite",
      facts: {
        ...two,
        ...apart(1_048_576, 65_536),
        price: usd({ input: 0.1, output: 0.4, cacheRead: 0.01 }),
      },
    },
    // Recorded answers of it have thoughts, which the model itself did not have.
    {
      id: "gemini-2.0-flash",
      aliases: ["gemini-2.0-flash-001"],
      facts: {
        ...two,
        ...apart(1_048_576, 8_192),
        reasoning: "unknown",
        reasoningWithTools: "unknown",
        price: usd({ input: 0.1, output: 0.4, cacheRead: 0.025 }),
      },
    },
    {
      id: "gemini-2.0-flash-lite",
      aliases: ["gemini-2.0-flash-lite-001"],
      facts: {
        ...two,
        ...apart(1_048_576, 8_192),
        reasoning: "no",
        reasoningWithTools: "no",
        promptCache: "unknown",
        price: usd({ input: 0.075, output: 0.3 }),
      },
    },
    {
      id: "gemini-embedding-001",
      facts: { ...embedding, ...tokens(2_048), price: usd({ input: 0.15, output: 0 }) },
    },
    {
      id: "gemini-embedding-2",
      facts: {
        ...embedding,
        ...tokens(8_192),
        input: { text: "yes" },
        price: usd({ input: 0.2, output: 0 }),
      },
    },
  ],
};
