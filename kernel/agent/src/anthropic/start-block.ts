import { isJsonObject } from "@tau/core";
import type { JsonObject, ModelEvent, ThinkingPart } from "@tau/core";

import { respondToolName } from "../output-shape/respond-tool.ts";
import { StreamedText } from "../streamed-text.ts";
import { stringOf, toProviderData } from "./block-data.ts";
import { wholeInput } from "./content-block.ts";
import type { ContentBlock } from "./content-block.ts";
import { providerBlock } from "./provider-block.ts";
import { respondBlock } from "./respond-block.ts";
import { textBlock } from "./text-block.ts";

/** Begins a block; `toolIndex` is the number that it gets if it is a tool call. */
export function startBlock(start: JsonObject, toolIndex: number, events: ModelEvent[]): ContentBlock {
  switch (start["type"]) {
    case "text":
      return textBlock(start, events);
    case "thinking":
      return thinkingBlock(start, events);
    case "redacted_thinking":
      return redactedBlock({ type: "thinking", text: "", redacted: stringOf(start["data"]) });
    case "tool_use":
      return start["name"] === respondToolName ? respondBlock(start) : toolBlock(start, toolIndex, events);
    default:
      return providerBlock(start);
  }
}

function thinkingBlock(start: JsonObject, events: ModelEvent[]): ContentBlock {
  const thinking = new StreamedText((text) => ({ type: "thinking_delta", text }));
  let signature = stringOf(start["signature"]);
  thinking.add(stringOf(start["thinking"]), events);
  return {
    delta(delta, into) {
      if (delta["type"] === "thinking_delta") thinking.add(stringOf(delta["thinking"]), into);
      else if (delta["type"] === "signature_delta") signature = stringOf(delta["signature"]);
    },
    finish: () => ({
      type: "thinking",
      text: thinking.toString(),
      ...(signature === "" ? {} : { signature }),
    }),
  };
}

function redactedBlock(part: ThinkingPart): ContentBlock {
  return { delta: () => undefined, finish: () => part };
}

function toolBlock(start: JsonObject, index: number, events: ModelEvent[]): ContentBlock {
  const input = new StreamedText((fragment) => ({ type: "tool_call_delta", index, fragment }));
  // Without an id the result could not name its call.
  const id = stringOf(start["id"]) || `call_${index}`;
  const name = stringOf(start["name"]);
  const kept = keptFields(start);
  events.push({ type: "tool_call_started", index, id, name });
  return {
    call: "tool",
    delta(delta, into) {
      if (delta["type"] === "input_json_delta") input.add(stringOf(delta["partial_json"]), into);
    },
    finish(into) {
      // Some servers begin with what the pieces then say once more.
      if (input.isEmpty) input.add(wholeInput(start), into);
      return {
        type: "tool_call",
        id,
        name,
        arguments: input.isEmpty ? "{}" : input.toString(),
        ...(kept === undefined ? {} : { providerData: toProviderData(kept) }),
      };
    },
  };
}

/** What a call holds beside itself, for example that code in a container makes it; a usual call holds nothing. */
function keptFields(start: JsonObject): JsonObject | undefined {
  const { type: _type, id: _id, name: _name, input: _input, ...kept } = start;
  const { caller, ...others } = kept;
  const fields = isJsonObject(caller) && caller["type"] !== "direct" ? kept : others;
  return Object.keys(fields).length === 0 ? undefined : fields;
}
