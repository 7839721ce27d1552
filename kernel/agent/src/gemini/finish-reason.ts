import type { Json, StopReason } from "@tau/core";

/** What a finish reason means: how the answer stopped, or why it is none. */
export type FinishMeaning =
  | StopReason
  | "malformed_call"
  | "missing_signature"
  | "calls_or_failure"
  | "unknown";

const meanings: Readonly<Record<string, FinishMeaning>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content_filtered",
  RECITATION: "content_filtered",
  LANGUAGE: "content_filtered",
  BLOCKLIST: "content_filtered",
  PROHIBITED_CONTENT: "content_filtered",
  SPII: "content_filtered",
  MODEL_ARMOR: "content_filtered",
  IMAGE_SAFETY: "content_filtered",
  IMAGE_PROHIBITED_CONTENT: "content_filtered",
  IMAGE_RECITATION: "content_filtered",
  MALFORMED_FUNCTION_CALL: "malformed_call",
  MALFORMED_RESPONSE: "malformed_call",
  // The call is in the answer: whoever runs tools tells the model that there is no such tool.
  UNEXPECTED_TOOL_CALL: "calls_or_failure",
  TOO_MANY_TOOL_CALLS: "calls_or_failure",
  MISSING_THOUGHT_SIGNATURE: "missing_signature",
};

/** The numbers that Vertex and the Gemini API share; it sends them when asked for `enum-encoding=int`. */
const byNumber: Readonly<Record<number, string>> = {
  1: "STOP",
  2: "MAX_TOKENS",
  3: "SAFETY",
  4: "RECITATION",
};

/** The name of a finish reason; empty when there is none yet. */
export function finishReasonName(reason: Json | undefined): string {
  if (typeof reason === "string") return reason;
  return typeof reason === "number" ? (byNumber[reason] ?? `reason ${reason}`) : "";
}

/** The name of the reason for which a prompt was blocked; empty when it was not. */
export function blockReasonName(reason: Json | undefined): string {
  if (typeof reason === "string") return reason;
  return typeof reason === "number" && reason !== 0 ? `reason ${reason}` : "";
}

/** What a finish reason means. One that nobody knows is none that an answer may end with. */
export function meaningOf(name: string): FinishMeaning {
  return Object.hasOwn(meanings, name) ? (meanings[name] ?? "unknown") : "unknown";
}
