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
  ToolResultPart,
  UserMessage,
} from "@tau/core";

import { toCallId } from "../call-id.ts";
import type { CallIdRule } from "../call-id.ts";
import { textAt } from "../json-fields.ts";
import type { ModelIdentity } from "../model-error.ts";
import { textOfFile, toInputAudio, toMediaUrl } from "../openai-media.ts";
import { wellFormedJson } from "../well-formed-json.ts";
import { ownItem } from "./item-data.ts";

const callIds: CallIdRule = { pattern: /^.{1,64}$/s, length: 24 };

/**
 * Writes one message as input items: none for an assistant that said nothing, several for a round of tools.
 * `previous` is the message before it, which tells what kind of tool a result belongs to.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toInputItems(
  message: Message,
  previous: Message | undefined,
  identity: ModelIdentity,
): readonly JsonObject[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", content: userContent(message, identity) }];
    case "assistant":
      return assistantItems(message, identity);
    case "tool":
      return resultItems(message, previous, identity);
    default:
      return unreachable(message);
  }
}

function userContent({ parts }: UserMessage, identity: ModelIdentity): string | JsonObject[] {
  const [first, ...rest] = parts;
  // A plain string is what every compatible server understands.
  if (rest.length === 0 && (first === undefined || first.type === "text")) return first?.text ?? "";
  return parts.map((part) => toContent(part, identity));
}

function assistantItems({ parts }: AssistantMessage, { provider }: ModelIdentity): readonly JsonObject[] {
  const items: JsonObject[] = [];
  for (const [index, part] of parts.entries()) {
    switch (part.type) {
      case "text":
        addText(items, part, provider);
        break;
      case "thinking":
      case "provider_item": {
        const own = ownItem(part.providerData, provider);
        if (own !== undefined) items.push(withPicture(own.item, parts[index + 1]));
        break;
      }
      case "tool_call":
        items.push(callItem(part, provider));
        break;
      default: // Pictures and sounds that an assistant made have no place in its messages.
    }
  }
  // Thinking that nothing followed, because a limit cut it off, is refused.
  while (items.at(-1)?.["type"] === "reasoning") items.pop();
  return items;
}

/** Content parts of one item go back in one item. */
function addText(items: JsonObject[], part: TextPart, provider: string): void {
  const own = ownItem(part.providerData, provider);
  if (own === undefined) {
    if (part.text !== "") items.push({ role: "assistant", content: part.text });
    return;
  }
  const field = own.content?.["type"] === "refusal" ? "refusal" : "text";
  const content = { type: "output_text", ...own.content, [field]: part.text };
  const last = items.at(-1);
  const open = last?.["content"];
  if (
    last !== undefined &&
    Array.isArray(open) &&
    last["id"] !== undefined &&
    last["id"] === own.item["id"]
  ) {
    items[items.length - 1] = { ...last, content: [...open, content] };
  } else items.push({ ...own.item, content: [content] });
}

function callItem(part: ToolCallPart, provider: string): JsonObject {
  const item = ownItem(part.providerData, provider)?.item ?? { type: "function_call" };
  const call = { ...item, call_id: toCallId(part.id, callIds), name: part.name };
  return item["type"] === "custom_tool_call"
    ? { ...call, input: customInput(part.arguments) }
    : { ...call, arguments: wellFormedJson(part.arguments) };
}

/** The free text of a custom tool, out of the JSON that Tau keeps arguments in. */
function customInput(text: string): string {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? textAt(parsed.value, "input") : text;
}

/** The bytes of a generated picture are in the part behind its item. */
function withPicture(item: JsonObject, next: AssistantMessage["parts"][number] | undefined): JsonObject {
  if (item["type"] !== "image_generation_call" || item["result"] !== undefined) return item;
  return next?.type === "image" && next.source.kind === "base64"
    ? { ...item, result: next.source.data }
    : { ...item, result: null };
}

function resultItems(
  message: ToolMessage,
  previous: Message | undefined,
  identity: ModelIdentity,
): readonly JsonObject[] {
  return message.parts.map((result) => ({
    type: isCustom(result, previous, identity.provider) ? "custom_tool_call_output" : "function_call_output",
    call_id: toCallId(result.callId, callIds),
    output: toOutput(result, identity),
  }));
}

function isCustom(result: ToolResultPart, previous: Message | undefined, provider: string): boolean {
  const parts = previous?.role === "assistant" ? previous.parts : [];
  const call = parts.find((part) => part.type === "tool_call" && part.id === result.callId);
  return (
    call?.type === "tool_call" && ownItem(call.providerData, provider)?.item["type"] === "custom_tool_call"
  );
}

function toOutput(result: ToolResultPart, identity: ModelIdentity): string | JsonObject[] {
  // The protocol has no flag for a failed call.
  const failed = result.isError ? "[tool error] " : "";
  const texts = result.content.filter((part) => part.type === "text").map((part) => part.text);
  if (texts.length === result.content.length) return failed + texts.join("\n");
  const content = result.content.map((part) => toContent(part, identity));
  return failed === "" ? content : [{ type: "input_text", text: failed.trim() }, ...content];
}

function toContent(part: TextPart | ImagePart | AudioPart | FilePart, identity: ModelIdentity): JsonObject {
  switch (part.type) {
    case "text":
      return { type: "input_text", text: part.text };
    case "image":
      return { type: "input_image", detail: "auto", image_url: toMediaUrl(part.mediaType, part.source) };
    case "file":
      return fileContent(part);
    case "audio":
      return toInputAudio(part, identity);
    default:
      return unreachable(part);
  }
}

function fileContent(part: FilePart): JsonObject {
  const { mediaType, name, source } = part;
  if (source.kind === "url") return { type: "input_file", file_url: source.url };
  const text = textOfFile(part);
  if (text !== undefined) return { type: "input_text", text };
  return { type: "input_file", filename: name ?? "file", file_data: toMediaUrl(mediaType, source) };
}
