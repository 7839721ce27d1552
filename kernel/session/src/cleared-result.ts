import type { ToolResultPart } from "@tau/core";
import { estimateTokens } from "@tau/core";

const note =
  "[This result was left out to make room. What the call did stays done. Look again where you need what it said.]";

/** What stands in the place of a result that no longer goes to the model. */
export function clearedResult({ callId, name, isError }: ToolResultPart): ToolResultPart {
  return { type: "tool_result", callId, name, content: [{ type: "text", text: note }], isError };
}

/** Tokens of one that was left out. */
export const clearedTokens: number = estimateTokens({
  role: "tool",
  parts: [clearedResult({ type: "tool_result", callId: "", name: "", content: [], isError: false })],
});
