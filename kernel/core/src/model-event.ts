import type { JsonObject } from "./json.ts";
import type { AssistantMessage } from "./message.ts";
import type { MicroUsd } from "./money.ts";
import type { Usage } from "./usage.ts";

/** A piece of answer text, in order. */
export interface TextDelta {
  readonly type: "text_delta";
  readonly text: string;
}

/** A piece of the model's thinking, in order. */
export interface ThinkingDelta {
  readonly type: "thinking_delta";
  readonly text: string;
}

/** A tool call began; `index` tells parallel calls apart until the end of the stream. */
export interface ToolCallStarted {
  readonly type: "tool_call_started";
  readonly index: number;
  readonly id: string;
  readonly name: string;
}

/** A raw fragment of the arguments of a tool call. Not JSON by itself: nobody parses it before the end. */
export interface ToolCallDelta {
  readonly type: "tool_call_delta";
  readonly index: number;
  readonly fragment: string;
}

/** Why a model stopped: its own end, a limit, tool calls to run, a stop sequence, or a filter. */
export type StopReason = "stop" | "length" | "tool_calls" | "stop_sequence" | "content_filtered" | "pause";

/** The last event of every model stream that did not fail. */
export interface ModelFinished {
  readonly type: "finished";
  /** The whole answer; its tool calls are complete. */
  readonly message: AssistantMessage;
  readonly usage: Usage;
  readonly stopReason: StopReason;
  /** The model that really answered, as the provider names it. */
  readonly model: string;
  readonly responseId?: string;
  /** Who answered, when that need not be whoever was asked: told by pipelines, which choose and cache. */
  readonly provider?: string;
  /** What the answer cost, where only a pipeline knows: nothing for one out of its cache. */
  readonly costMicroUsd?: MicroUsd;
  /** What the provider says about why it stopped, in its own words: for example why it refused. */
  readonly stopDetails?: JsonObject;
}

/**
 * Everything a model stream can yield, version 1.
 *
 * Adding a member is a breaking change for exhaustive `switch`es; new optional fields are not.
 */
export type ModelEvent = TextDelta | ThinkingDelta | ToolCallStarted | ToolCallDelta | ModelFinished;
