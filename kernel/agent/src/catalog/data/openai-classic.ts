import type { CapabilityFacts } from "../../capabilities.ts";
import type { CatalogModel } from "../catalog-model.ts";
import { chat, embedding, only, speech, tokens, transcription, usd } from "./facts.ts";

/** What OpenAI's models have in common. */
export const gpt: CapabilityFacts = {
  ...chat,
  tools: "yes",
  forcedTools: "yes",
  promptCache: "implicit_prefix",
  input: only("text", "image", "file"),
};

export const schema: CapabilityFacts = { structuredOutput: "strict_schema", toolsWithSchema: "yes" };

const classic: CapabilityFacts = {
  ...gpt,
  ...schema,
  parallelTools: "yes",
  reasoning: "no",
  sampling: "yes",
};

/** OpenAI's models that do not think, and those that do not talk. */
export const classicModels: readonly CatalogModel[] = [
  {
    id: "gpt-4.1",
    facts: {
      ...classic,
      ...tokens(1_047_576, 32_768),
      price: usd({ input: 2, output: 8, cacheRead: 0.5 }),
    },
  },
  {
    id: "gpt-4.1-mini",
    facts: {
      ...classic,
      ...tokens(1_047_576, 32_768),
      price: usd({ input: 0.4, output: 1.6, cacheRead: 0.1 }),
    },
  },
  {
    id: "gpt-4.1-nano",
    facts: {
      ...classic,
      ...tokens(1_047_576, 32_768),
      price: usd({ input: 0.1, output: 0.4, cacheRead: 0.025 }),
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
    id: "gpt-4o-2024-05-13",
    facts: {
      ...classic,
      ...tokens(128_000, 4_096),
      structuredOutput: "json_mode",
      price: usd({ input: 5, output: 15 }),
    },
  },
  {
    id: "gpt-4o-mini",
    facts: {
      ...classic,
      ...tokens(128_000, 16_384),
      price: usd({ input: 0.15, output: 0.6, cacheRead: 0.075 }),
    },
  },
  {
    id: "gpt-4-turbo",
    facts: {
      ...classic,
      ...tokens(128_000, 4_096),
      structuredOutput: "json_mode",
      toolsWithSchema: "unknown",
      promptCache: "none",
      input: only("text", "image"),
      price: usd({ input: 10, output: 30 }),
    },
  },
  {
    id: "gpt-4",
    facts: {
      ...classic,
      ...tokens(8_192, 8_192),
      structuredOutput: "forced_tool",
      toolsWithSchema: "no",
      promptCache: "none",
      input: only("text"),
      price: usd({ input: 30, output: 60 }),
    },
  },
  {
    id: "gpt-3.5-turbo",
    facts: {
      ...classic,
      ...tokens(16_385, 4_096),
      structuredOutput: "json_mode",
      toolsWithSchema: "unknown",
      promptCache: "none",
      input: only("text"),
      price: usd({ input: 0.5, output: 1.5 }),
    },
  },
  {
    id: "text-embedding-3-small",
    facts: { ...embedding, ...tokens(8_191), price: usd({ input: 0.02, output: 0 }) },
  },
  {
    id: "text-embedding-3-large",
    facts: { ...embedding, ...tokens(8_191), price: usd({ input: 0.13, output: 0 }) },
  },
  {
    id: "text-embedding-ada-002",
    facts: { ...embedding, ...tokens(8_191), price: usd({ input: 0.1, output: 0 }) },
  },
  // Priced by the minute of sound or the character, which a price of tokens cannot say.
  {
    id: "whisper-1",
    facts: { ...transcription, input: only("audio") },
  },
  {
    id: "gpt-4o-transcribe",
    facts: { ...transcription, input: { audio: "yes" } },
  },
  {
    id: "gpt-4o-mini-transcribe",
    facts: { ...transcription, input: { audio: "yes" } },
  },
  {
    id: "gpt-transcribe",
    facts: { ...transcription, input: { audio: "yes" } },
  },
  {
    id: "tts-1",
    facts: { ...speech, input: only("text") },
  },
  {
    id: "tts-1-hd",
    facts: { ...speech, input: only("text") },
  },
  {
    id: "gpt-4o-mini-tts",
    facts: { ...speech, input: only("text") },
  },
];
