import type { SessionEvent } from "./session-event.ts";
import type { TextDelta, ThinkingDelta, ToolCallStarted } from "./model-event.ts";

/** Output of a tool that is still running. */
export interface ToolProgress {
  readonly type: "tool_progress";
  readonly effectId: string;
  readonly tool: string;
  readonly text: string;
}

/** A fragment that is shown and never journaled: the finished message is. */
export type Delta = TextDelta | ThinkingDelta | ToolCallStarted | ToolProgress;

/** What a listener of a run gets, version 1: facts with a sequence number, and fragments without. */
export type RunEvent =
  | { readonly kind: "event"; readonly seq: number; readonly at: number; readonly event: SessionEvent }
  | { readonly kind: "delta"; readonly runId: string; readonly delta: Delta };
