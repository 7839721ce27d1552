import { isJsonObject } from "@tau/core";
import type { Citation, Json, JsonObject, ModelEvent } from "@tau/core";

import { listOf, stringOf, toProviderData } from "./block-data.ts";
import type { ContentBlock } from "./content-block.ts";
import { StreamedText } from "../streamed-text.ts";

/** Text, and the sources on which all of it rests: the protocol begins a new block for every claim. */
export function textBlock(start: JsonObject, events: ModelEvent[]): ContentBlock {
  const text = new StreamedText((piece) => ({ type: "text_delta", text: piece }));
  const citations: Json[] = [...listOf(start["citations"])];
  text.add(stringOf(start["text"]), events);
  return {
    delta(delta, into) {
      if (delta["type"] === "text_delta") text.add(stringOf(delta["text"]), into);
      else if (delta["type"] === "citations_delta" && isJsonObject(delta["citation"])) {
        citations.push(delta["citation"]);
      }
    },
    finish() {
      if (text.isEmpty) return undefined;
      const part = { type: "text", text: text.toString() } as const;
      if (citations.length === 0) return part;
      // The originals hold what only the provider can read, such as the encrypted place in a search result.
      return {
        ...part,
        citations: citations.filter(isJsonObject).map(toCitation),
        providerData: toProviderData({ citations }),
      };
    },
  };
}

function toCitation(citation: JsonObject): Citation {
  const url = stringOf(citation["url"]) || stringOf(citation["source"]);
  const title = stringOf(citation["title"]) || stringOf(citation["document_title"]);
  const quote = stringOf(citation["cited_text"]);
  return {
    ...(url === "" ? {} : { url }),
    ...(title === "" ? {} : { title }),
    ...(quote === "" ? {} : { quote }),
  };
}
