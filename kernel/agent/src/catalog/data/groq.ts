import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, only, tokens, transcription, usd } from "./facts.ts";

const groq: CapabilityFacts = {
  ...chat,
  tools: "yes",
  forcedTools: "yes",
  sampling: "yes",
  input: only("text"),
};
const llama: CapabilityFacts = {
  ...groq,
  parallelTools: "yes",
  reasoning: "no",
  structuredOutput: "json_mode",
};
const thinking: CapabilityFacts = { ...groq, reasoning: "yes", reasoningWithTools: "yes" };
/** Enforces schemas, one tool call at a time. */
const oss: CapabilityFacts = { ...thinking, parallelTools: "no", structuredOutput: "strict_schema" };

export const groqModels: ModelList = {
  provider: "groq",
  source: "console.groq.com, by way of models.dev and genai-prices, and recorded traffic, November 2026",
  models: [
    {
      id: "openai/gpt-oss-120b",
      facts: {
        ...oss,
        ...tokens(131_072, 65_536),
        promptCache: "implicit_prefix",
        price: usd({ input: 0.15, output: 0.6, cacheRead: 0.075 }),
      },
    },
    {
      id: "openai/gpt-oss-20b",
      facts: {
        ...oss,
        ...tokens(131_072, 65_536),
        promptCache: "implicit_prefix",
        price: usd({ input: 0.075, output: 0.3, cacheRead: 0.0375 }),
      },
    },
    // Price known from one collection only.
    {
      id: "qwen/qwen3.8-27b",
      facts: {
        ...thinking,
        ...tokens(131_072, 16_384),
        input: only("text", "image"),
        price: usd({ input: 0.8, output: 4 }),
      },
    },
    // Price known from one collection only.
    {
      id: "qwen/qwen3.6-27b",
      facts: {
        ...thinking,
        ...tokens(131_072, 16_384),
        parallelTools: "yes",
        input: only("text", "image"),
        price: usd({ input: 0.6, output: 3, cacheRead: 0.3 }),
      },
    },
    {
      id: "qwen/qwen3-32b",
      facts: {
        ...thinking,
        ...tokens(131_072, 16_384),
        parallelTools: "yes",
        price: usd({ input: 0.29, output: 0.59 }),
      },
    },
    {
      id: "llama-3.3-70b-versatile",
      facts: { ...llama, ...tokens(131_072, 32_768), price: usd({ input: 0.59, output: 0.79 }) },
    },
    {
      id: "llama-3.1-8b-instant",
      facts: { ...llama, ...tokens(131_072, 131_072), price: usd({ input: 0.05, output: 0.08 }) },
    },
    {
      id: "meta-llama/llama-4-maverick-17b-128e-instruct",
      facts: {
        ...llama,
        ...tokens(131_072, 8_192),
        input: only("text", "image"),
        price: usd({ input: 0.2, output: 0.6 }),
      },
    },
    {
      id: "meta-llama/llama-4-scout-17b-16e-instruct",
      facts: {
        ...llama,
        ...tokens(131_072, 8_192),
        input: only("text", "image"),
        price: usd({ input: 0.11, output: 0.34 }),
      },
    },
    {
      id: "moonshotai/kimi-k2-instruct-0905",
      aliases: ["moonshotai/kimi-k2-instruct"],
      facts: {
        ...llama,
        ...tokens(262_144, 16_384),
        promptCache: "implicit_prefix",
        price: usd({ input: 1, output: 3, cacheRead: 0.5 }),
      },
    },
    {
      id: "whisper-large-v3",
      facts: { ...transcription, input: only("audio") },
    },
    {
      id: "whisper-large-v3-turbo",
      facts: { ...transcription, input: only("audio") },
    },
  ],
};
