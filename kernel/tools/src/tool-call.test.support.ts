import type { ToolCallPart, ToolResultPart } from "@tau/core";

/** Makes a call as a model would. */
export function toolCall(name: string, input: unknown): ToolCallPart {
  return {
    type: "tool_call",
    id: "call-1",
    name,
    arguments: typeof input === "string" ? input : JSON.stringify(input),
  };
}

/** What a model reads of a result; other parts as `[image]`. */
export function resultText(result: ToolResultPart): string {
  return result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`)).join("");
}
