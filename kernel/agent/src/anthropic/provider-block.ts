import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { TextAccumulator } from "../text-accumulator.ts";
import { stringOf, toProviderData } from "./block-data.ts";
import type { ContentBlock } from "./content-block.ts";

/**
 * What only the provider understands and wants back as it was: tools that ran there and their results,
 * summaries of a compacted history, the mark of a fallback to another model, blocks of a newer protocol.
 */
export function providerBlock(start: JsonObject): ContentBlock {
  const input = new TextAccumulator();
  let block = start;
  return {
    delta({ type, ...delta }) {
      if (type === "input_json_delta") input.add(stringOf(delta["partial_json"]));
      // Carries the block's final fields, not pieces of them.
      else if (type === "compaction_delta") block = { ...block, ...delta };
    },
    finish: () => ({
      type: "provider_item",
      kind: stringOf(block["type"]) || "unknown",
      providerData: toProviderData(input.isEmpty ? block : { ...block, input: inputOf(input.toString()) }),
    }),
  };
}

/** An input that was cut short has no meaning to anybody. */
function inputOf(text: string): JsonObject {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}
