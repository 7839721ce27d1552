import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { chat, embedding, only, tokens } from "./facts.ts";

// Limits are those of the weights: Ollama itself reads `num_ctx` tokens, often 4,096, and cuts the rest off.
const local: CapabilityFacts = {
  ...chat,
  tools: "yes",
  structuredOutput: "strict_schema",
  sampling: "yes",
  input: only("text"),
};
const thinking: CapabilityFacts = { ...local, reasoning: "yes", reasoningWithTools: "yes" };
const direct: CapabilityFacts = { ...local, reasoning: "no", reasoningWithTools: "no" };

export const ollamaModels: ModelList = {
  provider: "ollama",
  source: "ollama.com/library and model cards, by way of models.dev, and recorded traffic, November 2026",
  models: [
    {
      id: "qwen3:0.6b",
      facts: { ...thinking, ...tokens(40_960) },
    },
    {
      id: "qwen3:1.7b",
      facts: { ...thinking, ...tokens(40_960) },
    },
    {
      id: "qwen3:4b",
      facts: { ...thinking },
    },
    {
      id: "qwen3:8b",
      aliases: ["qwen3"],
      facts: { ...thinking, ...tokens(40_960) },
    },
    {
      id: "qwen3:14b",
      facts: { ...thinking, ...tokens(40_960) },
    },
    {
      id: "qwen3:30b",
      facts: { ...thinking },
    },
    {
      id: "qwen3:32b",
      facts: { ...thinking, ...tokens(40_960) },
    },
    {
      id: "qwen3:235b",
      facts: { ...thinking },
    },
    {
      id: "qwen3.6",
      facts: { ...thinking, input: { text: "yes" } },
    },
    {
      id: "gpt-oss:20b",
      aliases: ["gpt-oss"],
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "gpt-oss:120b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "kimi-k2-thinking",
      aliases: ["kimi-k2-thinking:cloud"],
      facts: { ...thinking, ...tokens(262_144) },
    },
    {
      id: "deepseek-v3.1",
      aliases: ["deepseek-v3.1:671b", "deepseek-v3.1:671b-cloud"],
      facts: { ...thinking, ...tokens(163_840) },
    },
    {
      id: "devstral-small-2",
      aliases: ["devstral-small-2:24b"],
      facts: { ...direct, ...tokens(256_000), input: { text: "yes", image: "yes" } },
    },
    {
      id: "nemotron-3-nano",
      aliases: ["nemotron-3-nano:30b"],
      facts: { ...thinking, ...tokens(262_144) },
    },
    {
      id: "glm-4.7-flash",
      facts: { ...thinking, ...tokens(200_000) },
    },
    {
      id: "mistral-large-3",
      aliases: ["mistral-large-3:675b", "mistral-large-3:675b-cloud"],
      facts: { ...direct, ...tokens(262_144), input: { text: "yes", image: "yes" } },
    },
    {
      id: "phi4-reasoning",
      facts: { ...chat, tools: "unknown", reasoning: "yes", input: only("text") },
    },
    {
      id: "llama3.3",
      aliases: ["llama3.3:70b"],
      facts: { ...direct, ...tokens(131_072) },
    },
    {
      id: "llama3.1",
      aliases: ["llama3.1:8b", "llama3.1:70b"],
      facts: { ...direct, ...tokens(131_072) },
    },
    {
      id: "nomic-embed-text",
      facts: { ...embedding },
    },
    {
      id: "mxbai-embed-large",
      facts: { ...embedding },
    },
    {
      id: "embeddinggemma",
      facts: { ...embedding },
    },
  ],
};
