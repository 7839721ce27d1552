import type { Json, ToolResultContent } from "@tau/core";

import type { ToolOutput } from "./tool.ts";

/** What `execute` may return: text, a full {@link ToolOutput}, or any JSON, which the model gets as text. */
export type ToolAnswer = string | ToolOutput | Json;

/** Turns whatever a tool returned into a {@link ToolOutput}. */
export function toToolOutput(answer: ToolAnswer): ToolOutput {
  if (typeof answer === "string") return textOutput(answer, { value: answer });
  if (isToolOutput(answer)) return answer;
  // A tool written in JavaScript may return nothing at all, which JSON has no word for.
  const text: unknown = JSON.stringify(answer);
  return typeof text === "string" ? textOutput(text, { value: answer }) : textOutput("Done.");
}

/** Makes an output of one text. */
export function textOutput(text: string, rest: Omit<ToolOutput, "content"> = {}): ToolOutput {
  return { content: [{ type: "text", text }], ...rest };
}

function isToolOutput(answer: object | Json): answer is ToolOutput {
  if (typeof answer !== "object" || answer === null) return false;
  const content: unknown = Reflect.get(answer, "content");
  return Array.isArray(content) && content.every(isContent);
}

function isContent(part: unknown): part is ToolResultContent {
  if (typeof part !== "object" || part === null || !("type" in part)) return false;
  if (part.type === "text") return "text" in part && typeof part.text === "string";
  return (part.type === "image" || part.type === "file") && "mediaType" in part && "source" in part;
}
