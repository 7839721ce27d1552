import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

/** Reads the usage of a chunk; Groq puts it under `x_groq`. */
export function readUsage(chunk: JsonObject): Usage | undefined {
  const usage = chunk["usage"] ?? objectOf(chunk["x_groq"])["usage"];
  if (!isJsonObject(usage)) return undefined;
  const prompt = objectOf(usage["prompt_tokens_details"]);
  const completion = objectOf(usage["completion_tokens_details"]);
  return {
    inputTokens: count(usage["prompt_tokens"]),
    outputTokens: count(usage["completion_tokens"]),
    // DeepSeek has a name of its own.
    cacheReadTokens: count(prompt["cached_tokens"] ?? usage["prompt_cache_hit_tokens"]),
    cacheWriteTokens: count(prompt["cache_write_tokens"]),
    reasoningTokens: count(completion["reasoning_tokens"]),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function count(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.round(value) : 0;
}
