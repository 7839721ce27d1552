import type { JsonObject } from "@tau/core";

import { StreamedText } from "../streamed-text.ts";
import { stringOf } from "./block-data.ts";
import { wholeInput } from "./content-block.ts";
import type { ContentBlock } from "./content-block.ts";

/** A call of the hidden tool comes out as the text of the answer. */
export function respondBlock(start: JsonObject): ContentBlock {
  const text = new StreamedText((piece) => ({ type: "text_delta", text: piece }));
  return {
    call: "respond",
    delta(delta, into) {
      if (delta["type"] === "input_json_delta") text.add(stringOf(delta["partial_json"]), into);
    },
    finish(into) {
      if (text.isEmpty) text.add(wholeInput(start) || "{}", into);
      return { type: "text", text: text.toString() };
    },
  };
}
