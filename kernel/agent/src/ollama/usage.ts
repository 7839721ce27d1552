import type { JsonObject, Usage } from "@tau/core";

import { countAt } from "../json-fields.ts";

/** Reads the usage of the last line. Ollama does not say which of the prompt was cached, nor what was thought. */
export function readUsage(line: JsonObject): Usage {
  return {
    inputTokens: countAt(line, "prompt_eval_count"),
    outputTokens: countAt(line, "eval_count"),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}
