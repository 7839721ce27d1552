import { isJsonObject } from "@tau/core";
import type { AssistantMessage, Citation, Json, JsonObject, TextPart, ToolCallPart } from "@tau/core";

import { listAt, textAt, without } from "../json-fields.ts";
import { utf16Offset } from "../openai-citation.ts";
import { toProviderData } from "./item-data.ts";

type AnswerPart = AssistantMessage["parts"][number];

/** The parts that one output item becomes; what Tau has no words for goes back as it is. */
export function toParts(item: JsonObject, provider: string): readonly AnswerPart[] {
  switch (item["type"]) {
    case "message":
      return messageParts(item, provider);
    case "reasoning":
      return [{ type: "thinking", text: thinkingOf(item), providerData: toProviderData(provider, { item }) }];
    case "function_call":
    case "custom_tool_call":
      return [toolCall(item, provider)];
    case "image_generation_call":
      return imageParts(item, provider);
    default:
      return [providerItem(item, provider)];
  }
}

/** The summaries of a reasoning item, else its open thoughts. */
export function thinkingOf(item: JsonObject): string {
  const texts = (name: string): string =>
    listAt(item, name)
      .map((part) => (isJsonObject(part) ? textAt(part, "text") : ""))
      .filter((text) => text !== "")
      .join("\n\n");
  return texts("summary") || texts("content");
}

/** The text of a message item, refusals among it. */
export function messageText(item: JsonObject): string {
  return listAt(item, "content")
    .map((content) => (isJsonObject(content) ? textOfContent(content) : ""))
    .join("");
}

/** The arguments of a call, as JSON text; those of a custom tool are free text and become its `input`. */
export function argumentsOf(item: JsonObject): string {
  if (item["type"] === "custom_tool_call") return JSON.stringify({ input: textAt(item, "input") });
  return textAt(item, "arguments") || "{}";
}

/** What the result of a call names: the call's id, or the item's where a server has only that. */
export function callIdOf(item: JsonObject): string {
  return textAt(item, "call_id") || textAt(item, "id");
}

function toolCall(item: JsonObject, provider: string): ToolCallPart {
  const kept = without(item, "call_id", "name", "arguments", "input");
  return {
    type: "tool_call",
    id: callIdOf(item),
    name: textAt(item, "name"),
    arguments: argumentsOf(item),
    providerData: toProviderData(provider, { item: kept }),
  };
}

function messageParts(item: JsonObject, provider: string): readonly AnswerPart[] {
  const kept = without(item, "content");
  const parts = listAt(item, "content").flatMap((content): TextPart[] => {
    const text = isJsonObject(content) ? textOfContent(content) : "";
    if (!isJsonObject(content) || text === "") return [];
    const citations = listAt(content, "annotations").flatMap((annotation) => toCitations(annotation, text));
    const rest = without(content, "text", "refusal", "logprobs");
    return [
      {
        type: "text",
        text,
        ...(citations.length === 0 ? {} : { citations }),
        providerData: toProviderData(provider, { item: kept, content: rest }),
      },
    ];
  });
  // An empty message goes back too: the thinking before it is refused without what follows it.
  return parts.length === 0 ? [providerItem(item, provider)] : parts;
}

function textOfContent(content: JsonObject): string {
  return content["type"] === "refusal" ? textAt(content, "refusal") : textAt(content, "text");
}

/** The picture is a part of its own, so that its bytes are held once. */
function imageParts(item: JsonObject, provider: string): readonly AnswerPart[] {
  const data = textAt(item, "result");
  if (data === "") return [providerItem(item, provider)];
  const format = textAt(item, "output_format") || "png";
  return [
    providerItem(without(item, "result"), provider),
    { type: "image", mediaType: `image/${format}`, source: { kind: "base64", data } },
  ];
}

function providerItem(item: JsonObject, provider: string): AnswerPart {
  return {
    type: "provider_item",
    kind: textAt(item, "type") || "unknown",
    providerData: toProviderData(provider, { item }),
  };
}

function toCitations(annotation: Json, text: string): readonly Citation[] {
  if (!isJsonObject(annotation)) return [];
  const url = textAt(annotation, "url");
  const title = textAt(annotation, "title") || textAt(annotation, "filename");
  if (url === "" && title === "") return [];
  const start = utf16Offset(text, annotation["start_index"]);
  const end = utf16Offset(text, annotation["end_index"]);
  return [
    {
      ...(url === "" ? {} : { url }),
      ...(title === "" ? {} : { title }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    },
  ];
}
