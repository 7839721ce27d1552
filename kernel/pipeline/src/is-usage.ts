import type { Usage } from "@tau/core";

/** Tells whether tokens can be counted with: what a provider, or a bridge to one, says need not be numbers. */
export function isUsage(usage: Usage): boolean {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  return [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens].every(
    (tokens) => Number.isSafeInteger(tokens) && tokens >= 0,
  );
}
