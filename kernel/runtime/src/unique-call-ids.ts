import type { AssistantMessage } from "@tau/core";

/**
 * Gives every tool call of an answer an id of its own: results name their call by it, and some servers give two
 * parallel calls the same one, or none, or begin to count anew with every answer. `isTaken`: by an earlier answer.
 */
export function withUniqueCallIds(
  message: AssistantMessage,
  isTaken: (id: string) => boolean,
): AssistantMessage {
  const seen = new Set<string>();
  let isChanged = false;
  const parts = message.parts.map((part) => {
    if (part.type !== "tool_call") return part;
    let { id } = part;
    for (let n = 2; id === "" || seen.has(id) || isTaken(id); n++) id = `${part.id || "call"}_${n}`;
    seen.add(id);
    if (id === part.id) return part;
    isChanged = true;
    return { ...part, id };
  });
  // The same object where nothing changed: adapters remember what they wrote for a message.
  return isChanged ? { ...message, parts } : message;
}
