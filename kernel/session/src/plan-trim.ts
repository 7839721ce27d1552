import type { History } from "./history.ts";

/** How much history goes to the model. */
export interface ContextBudget {
  /** Tokens for messages; above it the oldest turns are dropped. */
  readonly maxTokens: number;
  /** The share of `maxTokens` that is kept when turns are dropped: in big hops, so that the provider's prompt cache survives many turns. Default 0.5. */
  readonly keepRatio?: number;
}

/** Which messages to stop sending. */
export interface Trim {
  /** The first event whose message is still sent: the prompt of a turn. */
  readonly fromSeq: number;
  readonly droppedMessages: number;
}

/**
 * Decides whether a history fits. Drops whole turns, oldest first: never the prompt of the run under way, and
 * never one half of a tool call and its result. Answers undefined when nothing is to be dropped.
 */
export function planTrim(history: History, budget: ContextBudget): Trim | undefined {
  if (history.tokens <= budget.maxTokens) return undefined;
  const target = budget.maxTokens * (budget.keepRatio ?? 0.5);
  let left = history.tokens;
  let trim: Trim | undefined;
  for (const [index, entry] of history.entries.entries()) {
    if (index > 0 && entry.startsTurn) {
      trim = { fromSeq: entry.seq, droppedMessages: index };
      if (left <= target) return trim;
    }
    left -= entry.tokens;
  }
  return trim;
}
