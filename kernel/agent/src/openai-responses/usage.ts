import { isJsonObject, noUsage } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

/** Reads the usage of a response. */
export function readUsage(response: JsonObject): Usage {
  const { usage } = response;
  if (!isJsonObject(usage)) return noUsage;
  const input = objectOf(usage["input_tokens_details"]);
  const output = objectOf(usage["output_tokens_details"]);
  return {
    inputTokens: count(usage["input_tokens"]),
    outputTokens: count(usage["output_tokens"]),
    cacheReadTokens: count(input["cached_tokens"]),
    cacheWriteTokens: count(input["cache_write_tokens"]),
    reasoningTokens: count(output["reasoning_tokens"]),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function count(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.round(value) : 0;
}
