import type { AssistantPart, ModelFinished } from "@tau/core";

/** The answer with another text, in the place of its first text part; without a text there, at the end. */
export function withText(answer: ModelFinished, text: string): ModelFinished {
  const parts: AssistantPart[] = [];
  let isSaid = false;
  for (const part of answer.message.parts) {
    if (part.type !== "text") parts.push(part);
    else if (!isSaid) {
      parts.push({ type: "text", text });
      isSaid = true;
    }
  }
  if (!isSaid) parts.push({ type: "text", text });
  return { ...answer, message: { role: "assistant", parts } };
}
