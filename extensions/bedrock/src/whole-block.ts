import { isJsonObject } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { listOf, objectOf } from "./json-fields.ts";

/** An event of a stream, without the number of its block. */
export interface BlockEvent {
  readonly name: "contentBlockStart" | "contentBlockDelta";
  readonly body: JsonObject;
}

/** The events of a stream that say a whole block in one piece. */
export function wholeBlockEvents(block: JsonObject): readonly BlockEvent[] {
  const { text, toolUse, toolResult, reasoningContent, citationsContent, image } = block;
  if (typeof text === "string") return [delta({ text })];
  if (isJsonObject(toolUse)) {
    const { input, ...call } = toolUse;
    return [start({ toolUse: call }), delta({ toolUse: { input: JSON.stringify(input ?? {}) } })];
  }
  if (isJsonObject(toolResult)) {
    const { content, ...result } = toolResult;
    return [start({ toolResult: result }), delta({ toolResult: listOf(content) })];
  }
  if (isJsonObject(reasoningContent)) {
    const { reasoningText, ...rest } = reasoningContent;
    return [delta({ reasoningContent: { ...rest, ...objectOf(reasoningText) } })];
  }
  if (isJsonObject(citationsContent)) {
    const { content, citations } = citationsContent;
    return [
      ...listOf(content).map((piece) => delta(objectOf(piece))),
      ...listOf(citations).map((citation) => delta({ citation })),
    ];
  }
  if (isJsonObject(image)) return [start({ image }), delta({ image })];
  return [start(block)];
}

function start(value: JsonObject): BlockEvent {
  return { name: "contentBlockStart", body: { start: value } };
}

function delta(value: JsonObject): BlockEvent {
  return { name: "contentBlockDelta", body: { delta: value } };
}
