import { tokensIn } from "@tau/agent/adapter";
import type { Json, Usage } from "@tau/core";

import { objectOf } from "./json-fields.ts";

/** Cached tokens are counted beside the input; Tau counts them as parts of it. */
export function toUsage(value: Json | undefined): Usage {
  const usage = objectOf(value);
  const count = (name: string): number => tokensIn(usage[name]);
  const cacheReadTokens = count("cacheReadInputTokens");
  const cacheWriteTokens = count("cacheWriteInputTokens");
  return {
    inputTokens: count("inputTokens") + cacheReadTokens + cacheWriteTokens,
    outputTokens: count("outputTokens"),
    cacheReadTokens,
    cacheWriteTokens,
    // Not told apart here.
    reasoningTokens: 0,
  };
}
