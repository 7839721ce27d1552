import { isTauError } from "@tau/core";
import type { ToolCallPart, ToolResultPart } from "@tau/core";

/** Makes the result that tells the model what went wrong. */
export function errorResult(call: ToolCallPart, text: string): ToolResultPart {
  return {
    type: "tool_result",
    callId: call.id,
    name: call.name,
    content: [{ type: "text", text }],
    isError: true,
  };
}

/**
 * Says what went wrong, the code first.
 *
 * The text of an error that is not a `TauError` may hold secrets or host paths: it stays out.
 */
export function errorText(tool: string, error: unknown): string {
  if (isTauError(error)) return `${error.code}: ${error.message}`;
  return `tool.failed: ${tool} ended with an unexpected error, which is in the log. Check the arguments, or do it another way.`;
}

/** Makes the result of a call that the permissions or a person refused; the reason says what to do instead. */
export function deniedResult(call: ToolCallPart, reason: string): ToolResultPart {
  const code = "tool.denied";
  return errorResult(call, `${code}: ${reason}`);
}
