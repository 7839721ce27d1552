/** The one set of status words; every surface maps its own words to these. */
export type RunStatus = "created" | "running" | "waiting" | "completed" | "failed" | "cancelled";

/** Why a run is waiting. */
export type WaitingReason = "approval" | "unknown_effect" | "question";

/**
 * Why a run ended, written once.
 *
 * completed: `answered` (no more tool calls), `stop_condition`, `stopped_by_hook`.
 * failed: `error`, `limit_steps`, `limit_tokens`, `limit_cost`, `limit_time`, `length` (the model's output limit), `content_filtered`.
 * cancelled: `cancelled`, `deadline`.
 */
export type TerminalReason =
  | "answered"
  | "stop_condition"
  | "stopped_by_hook"
  | "error"
  | "limit_steps"
  | "limit_tokens"
  | "limit_cost"
  | "limit_time"
  | "length"
  | "content_filtered"
  | "cancelled"
  | "deadline";

/** Tells whether nothing more will happen in a run with this status. */
export function isTerminal(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

const remedies: Readonly<Partial<Record<TerminalReason, string>>> = {
  limit_steps: "it made as many model calls as it may; go on with another prompt, or raise maxSteps",
  limit_tokens: "it used as many tokens as it may; go on with another prompt, or raise maxTokens",
  limit_cost: "it cost as much as it may; go on with another prompt, or raise maxCostMicroUsd",
  limit_time: "it ran for as long as it may; go on with another prompt, or raise maxDurationMs",
  length: "the model's answer was cut off at its output limit; ask for less at once, or raise that limit",
  content_filtered: "the provider's filter stopped the answer; say it in other words",
};

/** What a failure without an error of its own means and what to do about it; undefined where there is nothing to say. */
export function remedyOf(reason: TerminalReason): string | undefined {
  return remedies[reason];
}
