import { isJsonObject } from "@tau/core";
import type { AssistantPart, JsonObject, ModelEvent } from "@tau/core";

/** One content block while it is being streamed. */
export interface ContentBlock {
  /** What it counts as when the answer stops; absent for what is no call. */
  readonly call?: "tool" | "respond";
  delta(delta: JsonObject, events: ModelEvent[]): void;
  /** The whole part; absent for a block that says nothing. Events that are still missing go to `events`. */
  finish(events: ModelEvent[]): AssistantPart | undefined;
}

/** The input of a block that came whole: in an answer that does not stream, or from a server without fragments. */
export function wholeInput(start: JsonObject): string {
  const { input } = start;
  return isJsonObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
}
