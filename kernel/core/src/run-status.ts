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
