import { isJsonObject } from "@tau/core";
import type { Json, Usage } from "@tau/core";

import { countAt } from "../json-fields.ts";

/**
 * Reads `usageMetadata`; undefined when there is none. Results of tools that ran at the provider are read by the
 * model too, so they count as input; its thoughts are counted beside its answer, so they are added.
 */
export function readUsage(metadata: Json | undefined): Usage | undefined {
  if (!isJsonObject(metadata)) return undefined;
  const reasoningTokens = countAt(metadata, "thoughtsTokenCount");
  return {
    inputTokens: countAt(metadata, "promptTokenCount") + countAt(metadata, "toolUsePromptTokenCount"),
    outputTokens: countAt(metadata, "candidatesTokenCount") + reasoningTokens,
    cacheReadTokens: countAt(metadata, "cachedContentTokenCount"),
    cacheWriteTokens: 0,
    reasoningTokens,
  };
}
