import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

import { tokensIn } from "../json-fields.ts";

/** Reads the usage of a chunk; Groq puts it under `x_groq`. */
export function readUsage(chunk: JsonObject): Usage | undefined {
  const usage = chunk["usage"] ?? objectOf(chunk["x_groq"])["usage"];
  if (!isJsonObject(usage)) return undefined;
  const prompt = objectOf(usage["prompt_tokens_details"]);
  const completion = objectOf(usage["completion_tokens_details"]);
  const [inputTokens, outputTokens] = [
    tokensIn(usage["prompt_tokens"]),
    tokensIn(usage["completion_tokens"]),
  ];
  const reasoningTokens = tokensIn(completion["reasoning_tokens"]);
  // xAI counts thinking beside what it says; its sum shows it.
  const isBeside = tokensIn(usage["total_tokens"]) === inputTokens + outputTokens + reasoningTokens;
  return {
    inputTokens,
    outputTokens: outputTokens + (isBeside ? reasoningTokens : 0),
    cacheReadTokens: cachedTokens(usage, prompt),
    cacheWriteTokens: tokensIn(prompt["cache_write_tokens"]),
    reasoningTokens,
  };
}

/** DeepSeek, Moonshot and Mistral have names of their own. */
function cachedTokens(usage: JsonObject, prompt: JsonObject): number {
  return tokensIn(
    prompt["cached_tokens"] ??
      usage["prompt_cache_hit_tokens"] ??
      usage["cached_tokens"] ??
      usage["num_cached_tokens"],
  );
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
