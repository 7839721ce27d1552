import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, Usage } from "@tau/core";

import { tokensIn } from "../json-fields.ts";

/** Usage as the stream reports it: a first count at the start, corrections later; null means no news. */
export class UsageCounter {
  #counts: Record<string, number> = {};
  #thinkingTokens = 0;

  update(usage: Json | undefined): void {
    if (!isJsonObject(usage)) return;
    for (const [name, value] of Object.entries(usage)) {
      if (typeof value === "number") this.#counts[name] = tokensIn(value);
    }
    const details: JsonObject = isJsonObject(usage["output_tokens_details"])
      ? usage["output_tokens_details"]
      : {};
    if (typeof details["thinking_tokens"] === "number") {
      this.#thinkingTokens = tokensIn(details["thinking_tokens"]);
    }
  }

  /** The protocol counts cached tokens beside the input; Tau counts them as parts of it. */
  toUsage(): Usage {
    const cacheReadTokens = this.#counts["cache_read_input_tokens"] ?? 0;
    const cacheWriteTokens = this.#counts["cache_creation_input_tokens"] ?? 0;
    return {
      inputTokens: (this.#counts["input_tokens"] ?? 0) + cacheReadTokens + cacheWriteTokens,
      outputTokens: this.#counts["output_tokens"] ?? 0,
      cacheReadTokens,
      cacheWriteTokens,
      reasoningTokens: this.#thinkingTokens,
    };
  }
}
