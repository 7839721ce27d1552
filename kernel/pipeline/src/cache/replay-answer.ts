import type { AssistantPart, ModelEvent, ModelFinished } from "@tau/core";

/** Streams a whole answer again, in one batch: its fragments, then its end. */
export function replayAnswer(finished: ModelFinished): readonly ModelEvent[] {
  const events: ModelEvent[] = [];
  let toolCalls = 0;
  for (const part of finished.message.parts) {
    if (part.type === "tool_call") toolCalls += addToolCall(events, part, toolCalls);
    else if (part.type === "text" && part.text !== "") events.push({ type: "text_delta", text: part.text });
    else if (part.type === "thinking" && part.text !== "") {
      events.push({ type: "thinking_delta", text: part.text });
    }
  }
  events.push(finished);
  return events;
}

function addToolCall(
  events: ModelEvent[],
  { id, name, arguments: fragment }: Extract<AssistantPart, { type: "tool_call" }>,
  index: number,
): number {
  events.push({ type: "tool_call_started", index, id, name });
  if (fragment !== "") events.push({ type: "tool_call_delta", index, fragment });
  return 1;
}
