import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, ModelEvent, TextPart, ThinkingPart, ToolCallPart } from "@tau/core";

import { TextAccumulator } from "../text-accumulator.ts";

/** One content block while it is being streamed. */
export interface ContentBlock {
  readonly isToolCall: boolean;
  delta(delta: JsonObject, events: ModelEvent[]): void;
  /** The whole part; absent for a block that Tau has no words for. */
  finish(): TextPart | ThinkingPart | ToolCallPart | undefined;
}

/** Begins a block; `toolIndex` is the number that it gets if it is a tool call. */
export function startBlock(start: JsonObject, toolIndex: number, events: ModelEvent[]): ContentBlock {
  switch (start["type"]) {
    case "text":
      return textBlock(start, events);
    case "thinking":
      return thinkingBlock(start, events);
    case "redacted_thinking":
      return fixedBlock({ type: "thinking", text: "", redacted: stringOf(start["data"]) });
    case "tool_use":
      return toolBlock(start, toolIndex, events);
    default:
      // Blocks of tools that ran at the provider: nobody here asked for them.
      return fixedBlock(undefined);
  }
}

function textBlock(start: JsonObject, events: ModelEvent[]): ContentBlock {
  const text = new TextAccumulator();
  const add = (piece: string, into: ModelEvent[]): void => {
    if (piece === "") return;
    text.add(piece);
    into.push({ type: "text_delta", text: piece });
  };
  add(stringOf(start["text"]), events);
  return {
    isToolCall: false,
    delta(delta, into) {
      if (delta["type"] === "text_delta") add(stringOf(delta["text"]), into);
    },
    finish: () => (text.isEmpty ? undefined : { type: "text", text: text.toString() }),
  };
}

function thinkingBlock(start: JsonObject, events: ModelEvent[]): ContentBlock {
  const text = new TextAccumulator();
  let signature = stringOf(start["signature"]);
  const add = (piece: string, into: ModelEvent[]): void => {
    if (piece === "") return;
    text.add(piece);
    into.push({ type: "thinking_delta", text: piece });
  };
  add(stringOf(start["thinking"]), events);
  return {
    isToolCall: false,
    delta(delta, into) {
      if (delta["type"] === "thinking_delta") add(stringOf(delta["thinking"]), into);
      else if (delta["type"] === "signature_delta") signature = stringOf(delta["signature"]);
    },
    finish: () => ({
      type: "thinking",
      text: text.toString(),
      ...(signature === "" ? {} : { signature }),
    }),
  };
}

function toolBlock(start: JsonObject, index: number, events: ModelEvent[]): ContentBlock {
  const fragments = new TextAccumulator();
  const id = stringOf(start["id"]);
  const name = stringOf(start["name"]);
  // A server may send the whole input at once instead of fragments.
  const whole = isJsonObject(start["input"]) ? JSON.stringify(start["input"]) : "{}";
  events.push({ type: "tool_call_started", index, id, name });
  return {
    isToolCall: true,
    delta(delta, into) {
      const fragment = stringOf(delta["partial_json"]);
      if (delta["type"] !== "input_json_delta" || fragment === "") return;
      fragments.add(fragment);
      into.push({ type: "tool_call_delta", index, fragment });
    },
    finish: () => ({
      type: "tool_call",
      id,
      name,
      arguments: fragments.isEmpty ? whole : fragments.toString(),
    }),
  };
}

function fixedBlock(part: ThinkingPart | undefined): ContentBlock {
  return { isToolCall: false, delta: () => undefined, finish: () => part };
}

function stringOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
