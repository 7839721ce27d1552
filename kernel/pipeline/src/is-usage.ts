import type { Usage } from "@tau/core";

import { isCount } from "./budget/amounts.ts";

/** Tells whether tokens can be counted with: what a provider, or a bridge to one, says need not be numbers. */
export function isUsage(usage: Usage): boolean {
  return (
    isCount(usage.inputTokens) &&
    isCount(usage.outputTokens) &&
    isCount(usage.cacheReadTokens) &&
    isCount(usage.cacheWriteTokens)
  );
}
