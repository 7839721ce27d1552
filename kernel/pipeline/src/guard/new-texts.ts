import type { Message } from "@tau/core";

import { textOfPart } from "./part-text.ts";

/**
 * The texts after the model's last answer. An answer at the very end is one that the model is to go on with: nobody has
 * looked at it, nor at what stands before it.
 */
export function newTextsOf(messages: readonly Message[]): readonly string[] {
  const isBegun = messages.at(-1)?.role === "assistant";
  const before = isBegun ? messages.slice(0, -1) : messages;
  const first = 1 + before.findLastIndex(({ role }) => role === "assistant");
  return messages.slice(first).flatMap((message) =>
    message.parts.flatMap((part) => {
      const contents = part.type === "tool_result" ? part.content : [part];
      return contents.flatMap((content) => textOfPart(content)?.toWellFormed() ?? []);
    }),
  );
}
