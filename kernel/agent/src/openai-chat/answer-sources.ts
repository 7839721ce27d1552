import { isJsonObject } from "@tau/core";
import type { Citation, ImagePart, Json, JsonObject } from "@tau/core";

import { utf16Offset } from "../openai-citation.ts";

/**
 * The sources that an answer names: `annotations` of the message (OpenAI, OpenRouter), or `search_results` and
 * `citations` of the whole answer (Perplexity).
 */
export function toCitations(sources: readonly Json[], text: string): readonly Citation[] {
  return sources.flatMap((source): Citation[] => {
    if (typeof source === "string") return [{ url: source }];
    if (!isJsonObject(source)) return [];
    const details = isJsonObject(source["url_citation"]) ? source["url_citation"] : source;
    const url = textAt(details, "url");
    if (url === "") return [];
    const [title, quote] = [textAt(details, "title"), textAt(details, "content")];
    const start = utf16Offset(text, details["start_index"]);
    const end = utf16Offset(text, details["end_index"]);
    return [
      {
        url,
        ...(title === "" ? {} : { title }),
        ...(quote === "" ? {} : { quote }),
        // OpenRouter says 0 and 0 when it does not know.
        ...(start === undefined || end === undefined || end <= start ? {} : { start, end }),
      },
    ];
  });
}

/** Pictures that a model made, as OpenRouter and its imitators send them. */
export function toImages(images: readonly Json[]): readonly ImagePart[] {
  return images.flatMap((image): ImagePart[] => {
    const address = isJsonObject(image) && isJsonObject(image["image_url"]) ? image["image_url"] : {};
    const url = textAt(address, "url");
    const inline = /^data:([\w.+/-]+);base64,/.exec(url);
    if (inline === null) {
      return url === "" ? [] : [{ type: "image", mediaType: "image/png", source: { kind: "url", url } }];
    }
    const data = url.slice(inline[0].length);
    return [{ type: "image", mediaType: inline[1] ?? "image/png", source: { kind: "base64", data } }];
  });
}

function textAt(value: JsonObject, name: string): string {
  return typeof value[name] === "string" ? value[name] : "";
}
