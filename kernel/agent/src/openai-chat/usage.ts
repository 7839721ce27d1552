import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

/** Reads the usage of a chunk; Groq puts it under `x_groq`. */
export function readUsage(chunk: JsonObject): Usage | undefined {
  const usage = chunk["usage"] ?? objectOf(chunk["x_groq"])["usage"];
  if (!isJsonObject(usage)) return undefined;
  const prompt = objectOf(usage["prompt_tokens_details"]);
  const completion = objectOf(usage["completion_tokens_details"]);
  const [inputTokens, outputTokens] = [count(usage["prompt_tokens"]), count(usage["completion_tokens"])];
  const reasoningTokens = count(completion["reasoning_tokens"]);
  // xAI counts thinking beside what it says; its sum shows it.
  const isBeside = count(usage["total_tokens"]) === inputTokens + outputTokens + reasoningTokens;
  return {
    inputTokens,
    outputTokens: outputTokens + (isBeside ? reasoningTokens : 0),
    cacheReadTokens: cachedTokens(usage, prompt),
    cacheWriteTokens: count(prompt["cache_write_tokens"]),
    reasoningTokens,
  };
}

/** DeepSeek, Moonshot and Mistral have names of their own. */
function cachedTokens(usage: JsonObject, prompt: JsonObject): number {
  return count(
    prompt["cached_tokens"] ??
      usage["prompt_cache_hit_tokens"] ??
      usage["cached_tokens"] ??
      usage["num_cached_tokens"],
  );
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function count(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.round(value) : 0;
}
