import { isJsonObject, noUsage } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

import { tokensIn } from "../json-fields.ts";

/** Reads the usage of a response. */
export function readUsage(response: JsonObject): Usage {
  const { usage } = response;
  if (!isJsonObject(usage)) return noUsage;
  const input = objectOf(usage["input_tokens_details"]);
  const output = objectOf(usage["output_tokens_details"]);
  return {
    inputTokens: tokensIn(usage["input_tokens"]),
    outputTokens: tokensIn(usage["output_tokens"]),
    cacheReadTokens: tokensIn(input["cached_tokens"]),
    cacheWriteTokens: tokensIn(input["cache_write_tokens"]),
    reasoningTokens: tokensIn(output["reasoning_tokens"]),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
