import type { JsonObject, JsonSchema, ModelEvent, ToolDefinition } from "@tau/core";

import { stringOf } from "./block-data.ts";
import { wholeInput } from "./content-block.ts";
import type { ContentBlock } from "./content-block.ts";
import { StreamedText } from "./streamed-text.ts";

/** The hidden tool whose arguments are the answer, for models that cannot be held to a schema otherwise. */
export const respondToolName = "__respond_with__";

/** Declares the hidden tool. */
export function toRespondTool(schema: JsonSchema): ToolDefinition {
  return {
    name: respondToolName,
    description: "Gives the final answer. Call it once, when the answer is known, instead of writing text.",
    inputSchema: schema,
  };
}

/** A call of the hidden tool comes out as the text of the answer. */
export function respondBlock(start: JsonObject, events: ModelEvent[]): ContentBlock {
  const text = new StreamedText((piece) => ({ type: "text_delta", text: piece }));
  text.add(wholeInput(start), events);
  return {
    call: "respond",
    delta(delta, into) {
      if (delta["type"] === "input_json_delta") text.add(stringOf(delta["partial_json"]), into);
    },
    finish(into) {
      if (text.isEmpty) text.add("{}", into);
      return { type: "text", text: text.toString() };
    },
  };
}
