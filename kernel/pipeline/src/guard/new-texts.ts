import type { Message } from "@tau/core";

/** The texts of users and tools after the model's last answer. */
export function newTextsOf(messages: readonly Message[]): readonly string[] {
  const first = 1 + messages.findLastIndex(({ role }) => role === "assistant");
  return messages.slice(first).flatMap((message) =>
    message.parts.flatMap((part) => {
      if (part.type === "text") return [part.text];
      if (part.type !== "tool_result") return [];
      return part.content.flatMap((content) => (content.type === "text" ? [content.text] : []));
    }),
  );
}
