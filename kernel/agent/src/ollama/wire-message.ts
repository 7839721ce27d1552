import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantMessage,
  AudioPart,
  FilePart,
  ImagePart,
  JsonObject,
  Message,
  TextPart,
  ToolCallPart,
  ToolMessage,
} from "@tau/core";

import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { describeMedia, textOfFile } from "../openai-media.ts";
import { ollamaProtocol } from "./part-data.ts";

/**
 * Writes one message as JSON of messages, joined by commas: none for an answer of which nothing can go back, several
 * for a round of tools.
 *
 * @throws TauError `model.unsupported_content` for anything but text, text files and pictures by value
 */
export function toMessages(message: Message, identity: ModelIdentity): string {
  switch (message.role) {
    case "user":
      return JSON.stringify({ role: "user", ...toContent(message.parts, identity) });
    case "assistant":
      return assistantJson(message);
    case "tool":
      return toolJson(message, identity);
    default:
      return unreachable(message);
  }
}

function assistantJson({ parts }: AssistantMessage): string {
  let text = "";
  let thinking = "";
  const calls: string[] = [];
  for (const part of parts) {
    if (part.type === "text") text += part.text;
    else if (part.type === "tool_call") calls.push(callJson(part));
    // What another provider's model thought is not this one's thought.
    else if (part.type === "thinking" && part.providerData?.protocol === ollamaProtocol)
      thinking += part.text;
  }
  if (text === "" && thinking === "" && calls.length === 0) return "";
  const head = JSON.stringify({ role: "assistant", content: text, ...(thinking === "" ? {} : { thinking }) });
  return calls.length === 0 ? head : `${head.slice(0, -1)},"tool_calls":[${calls.join(",")}]}`;
}

/** The arguments go out as they came in, so that the cached prompt stays the same byte for byte. */
function callJson({ id, name, arguments: text }: ToolCallPart): string {
  const parsed = parseJson(text);
  const args = parsed.ok && isJsonObject(parsed.value) ? text : JSON.stringify({ invalid_json: text });
  return `{"id":${JSON.stringify(id)},"function":{"name":${JSON.stringify(name)},"arguments":${args}}}`;
}

/** A result has no flag for a failed call, and templates show no pictures in it: they follow as the user's. */
function toolJson({ parts }: ToolMessage, identity: ModelIdentity): string {
  const messages: JsonObject[] = [];
  const later: JsonObject[] = [];
  for (const { name, callId, content, isError } of parts) {
    const { content: text, images } = toContent(content, identity);
    const said = text === "" && images !== undefined ? "See the pictures that follow." : text;
    messages.push({
      role: "tool",
      content: isError ? `[tool error] ${said}` : said,
      tool_name: name,
      tool_call_id: callId,
    });
    if (images !== undefined) later.push({ role: "user", content: `From the result of ${name}:`, images });
  }
  return [...messages, ...later].map((message) => JSON.stringify(message)).join(",");
}

function toContent(
  parts: readonly (TextPart | ImagePart | AudioPart | FilePart)[],
  identity: ModelIdentity,
): { readonly content: string; readonly images?: readonly string[] } {
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of parts) {
    const text = part.type === "text" ? part.text : part.type === "file" ? textOfFile(part) : undefined;
    if (text !== undefined) texts.push(text);
    else images.push(toImage(part, identity));
  }
  return { content: texts.join("\n"), ...(images.length === 0 ? {} : { images }) };
}

function toImage(part: TextPart | ImagePart | AudioPart | FilePart, identity: ModelIdentity): string {
  if (part.type === "image" && part.source.kind === "base64") return part.source.data;
  const what = part.type === "text" ? "text" : describeMedia(part.mediaType, part.source);
  throw modelError("model.unsupported_content", identity, {
    sentence: `takes text and pictures by value, not ${what}. Convert it first`,
  });
}
