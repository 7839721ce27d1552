import type { Delta, ModelEvent } from "@tau/core";

/**
 * What listeners are shown of one socket read: neighbouring fragments of text as one, because every fragment wakes
 * every listener. Fragments of arguments are left out: nobody can read them before the call is complete.
 */
export function joinDeltas(batch: readonly ModelEvent[]): readonly Delta[] {
  const deltas: Delta[] = [];
  for (const event of batch) {
    if (event.type === "finished" || event.type === "tool_call_delta") continue;
    const last = deltas.at(-1);
    const joins = event.type !== "tool_call_started" && last?.type === event.type;
    if (joins) deltas[deltas.length - 1] = { type: event.type, text: last.text + event.text };
    else deltas.push(event);
  }
  return deltas;
}
