import type { CapabilityFacts } from "../../capabilities.ts";
import type { ModelList } from "../catalog-model.ts";
import { only, tokens } from "./facts.ts";

// What lies in the weights. What a server makes of them (tools, schemas, a smaller window) is its own affair.
const open: CapabilityFacts = {
  chat: "yes",
  embeddings: "no",
  transcription: "no",
  speech: "no",
  input: only("text"),
  output: only("text"),
};
const thinking: CapabilityFacts = { ...open, reasoning: "yes" };
const direct: CapabilityFacts = { ...open, reasoning: "no", reasoningWithTools: "no" };
const seeing: CapabilityFacts = { ...open, input: only("text", "image") };
const vectors: CapabilityFacts = { chat: "no", embeddings: "yes", input: only("text") };

export const openWeights: ModelList = {
  provider: "open-weights",
  source: "model cards, by way of models.dev, November 2026",
  models: [
    {
      id: "qwen3-0.6b",
      facts: { ...thinking, ...tokens(32_768) },
    },
    {
      id: "qwen3-1.7b",
      facts: { ...thinking, ...tokens(32_768) },
    },
    {
      id: "qwen3-4b",
      facts: { ...thinking, ...tokens(32_768) },
    },
    {
      id: "qwen3-8b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "qwen3-14b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "qwen3-32b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "qwen3-30b-a3b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "qwen3-235b-a22b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "qwen3-235b-a22b-instruct-2507",
      facts: { ...direct, ...tokens(262_144) },
    },
    {
      id: "qwen3-235b-a22b-thinking-2507",
      facts: { ...thinking, ...tokens(262_144) },
    },
    {
      id: "qwen3-30b-a3b-instruct-2507",
      facts: { ...direct, ...tokens(262_144) },
    },
    {
      id: "qwen3-coder-30b-a3b-instruct",
      facts: { ...direct, ...tokens(262_144) },
    },
    {
      id: "qwen3-coder-480b-a35b-instruct",
      facts: { ...direct, ...tokens(262_144) },
    },
    {
      id: "qwen3.6-27b",
      facts: { ...thinking, input: only("text", "image") },
    },
    {
      id: "gpt-oss-120b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "gpt-oss-20b",
      facts: { ...thinking, ...tokens(131_072) },
    },
    {
      id: "kimi-k2-thinking",
      facts: { ...thinking, ...tokens(262_144) },
    },
    {
      id: "kimi-k2-instruct",
      facts: { ...direct, ...tokens(131_072) },
    },
    {
      id: "kimi-k2-instruct-0905",
      facts: { ...direct, ...tokens(262_144) },
    },
    {
      id: "deepseek-v3.1",
      facts: { ...thinking, ...tokens(163_840) },
    },
    {
      id: "deepseek-v3.2",
      facts: { ...thinking, ...tokens(163_840) },
    },
    {
      id: "deepseek-r1",
      facts: { ...thinking },
    },
    {
      id: "devstral-small-2-24b-instruct-2512",
      aliases: ["devstral-small-2512"],
      facts: { ...seeing, ...tokens(256_000), reasoning: "no" },
    },
    {
      id: "mistral-large-3-675b-instruct-2512",
      aliases: ["mistral-large-2512"],
      facts: { ...seeing, ...tokens(262_144), reasoning: "no" },
    },
    {
      id: "nvidia-nemotron-3-nano-30b-a3b",
      aliases: ["nemotron-3-nano-30b-a3b", "nvidia-nemotron-3-nano-30b-a3b-bf16"],
      facts: { ...thinking, ...tokens(262_144) },
    },
    {
      id: "glm-4.7-flash",
      facts: { ...thinking, ...tokens(200_000) },
    },
    {
      id: "glm-4.7",
      facts: { ...thinking, ...tokens(204_800) },
    },
    {
      id: "glm-4.5-air",
      facts: { ...thinking, ...tokens(128_000) },
    },
    {
      id: "phi-4-reasoning",
      facts: { ...thinking, ...tokens(32_768) },
    },
    {
      id: "phi-4",
      facts: { ...direct, ...tokens(16_000) },
    },
    {
      id: "llama-3.3-70b-instruct",
      facts: { ...direct, ...tokens(131_072) },
    },
    {
      id: "llama-3.1-8b-instruct",
      facts: { ...direct, ...tokens(131_072) },
    },
    {
      id: "gemma-3-27b-it",
      facts: { ...seeing, ...tokens(131_072), reasoning: "no" },
    },
    {
      id: "qwen3-embedding-8b",
      facts: { ...vectors },
    },
    {
      id: "nomic-embed-text-v1.5",
      facts: { ...vectors },
    },
  ],
};
