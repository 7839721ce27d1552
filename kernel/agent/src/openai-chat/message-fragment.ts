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
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { describeMedia, textOfFile, toInputAudio, toMediaUrl } from "../openai-media.ts";
import { wellFormedJson } from "../well-formed-json.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { ownFields } from "./own-fields.ts";

/** A content part of a user message on the wire. */
type WirePart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } }
  | {
      readonly type: "input_audio";
      readonly input_audio: { readonly data: string; readonly format: "wav" | "mp3" };
    }
  | { readonly type: "file"; readonly file: { readonly filename: string; readonly file_data: string } };

interface WireCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A message on the wire. */
export type WireMessage =
  | { readonly role: "user"; readonly content: string | WirePart[] }
  | {
      readonly role: "assistant";
      /** A list only where a dialect has thinking in it. */
      readonly content: string | null | JsonObject[];
      readonly tool_calls?: WireCall[];
    }
  | { readonly role: "tool"; readonly tool_call_id: string; readonly content: string };

/**
 * Writes one message as wire messages: none for an assistant that said nothing, several for tool results.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toWireMessages(
  message: Message,
  dialect: OpenAiChatDialect,
  identity: ModelIdentity,
): readonly WireMessage[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", content: userContent(message, identity) }];
    case "assistant":
      return assistantMessages(message, dialect, identity);
    case "tool":
      return toolMessages(message, dialect, identity);
    default:
      return unreachable(message);
  }
}

function userContent(message: UserMessage, identity: ModelIdentity): string | WirePart[] {
  const [first, ...rest] = message.parts;
  // A plain string is what every compatible server understands.
  if (rest.length === 0 && (first === undefined || first.type === "text")) return first?.text ?? "";
  return message.parts.map((part) => wirePart(part, identity));
}

function assistantMessages(
  message: AssistantMessage,
  dialect: OpenAiChatDialect,
  { provider }: ModelIdentity,
): readonly WireMessage[] {
  let text = "";
  let thinking = "";
  const calls: WireCall[] = [];
  let fields: JsonObject = {};
  for (const part of message.parts) {
    if (part.type === "text") text += part.text;
    else if (part.type === "thinking") thinking += part.text;
    else if (part.type === "tool_call") calls.push(toWireCall(part, dialect, provider));
    if (part.type === "text" || part.type === "thinking") {
      fields = { ...fields, ...ownFields(part.providerData, provider) };
    }
  }
  if (text === "" && calls.length === 0) return [];
  return [
    {
      role: "assistant",
      content: assistantContent(text, dialect.thinkingParts ? thinking : ""),
      ...returnedThinking(thinking, fields, dialect),
      ...fields,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
  ];
}

function toWireCall(part: ToolCallPart, { callIds }: OpenAiChatDialect, provider: string): WireCall {
  const call = {
    id: toCallId(part.id, callIds),
    type: "function",
    function: { name: part.name, arguments: readableArguments(part.arguments) },
  } as const;
  return { ...ownFields(part.providerData, provider), ...call };
}

/** As the model wrote them. Servers that put them into a template refuse all that follows what they cannot read. */
function readableArguments(text: string): string {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value)
    ? wellFormedJson(text)
    : JSON.stringify({ invalid_json: text });
}

function assistantContent(text: string, thinking: string): string | null | JsonObject[] {
  if (thinking === "") return text === "" ? null : text;
  const thought = { type: "thinking", thinking: [{ type: "text", text: thinking }] };
  return text === "" ? [thought] : [thought, { type: "text", text }];
}

/** Thinking as text, unless it goes back in a form of its own. */
function returnedThinking(thinking: string, fields: JsonObject, dialect: OpenAiChatDialect): JsonObject {
  const field = dialect.reasoningReturnField;
  if (field === undefined || thinking === "" || fields["reasoning_details"] !== undefined) return {};
  return { [field]: thinking };
}

/** A tool message carries only text; pictures and files follow in a user message that says whose they are. */
function toolMessages(
  message: ToolMessage,
  { callIds }: OpenAiChatDialect,
  identity: ModelIdentity,
): readonly WireMessage[] {
  const results: WireMessage[] = [];
  const media: WirePart[] = [];
  for (const result of message.parts) {
    const id = toCallId(result.callId, callIds);
    results.push({ role: "tool", tool_call_id: id, content: resultText(result) });
    if (result.content.every((part) => part.type === "text")) continue;
    const attached = result.content.filter((part) => part.type !== "text");
    media.push({ type: "text", text: `Output of tool ${result.name} (call ${id}):` });
    for (const part of attached) media.push(wirePart(part, identity));
  }
  return media.length === 0 ? results : [...results, { role: "user", content: media }];
}

function resultText(result: ToolResultPart): string {
  const [only] = result.content;
  const text = result.content.length === 1 && only?.type === "text" ? only.text : joinedText(result);
  // The protocol has no flag for a failed call.
  return result.isError ? `[tool error] ${text}` : text;
}

function joinedText({ content }: ToolResultPart): string {
  const texts = content.filter((part): part is TextPart => part.type === "text").map((part) => part.text);
  const attached = content.length > texts.length ? ["[attached in the next message]"] : [];
  return [...texts, ...attached].join("\n");
}

function wirePart(part: TextPart | ImagePart | AudioPart | FilePart, identity: ModelIdentity): WirePart {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return { type: "image_url", image_url: { url: toMediaUrl(part.mediaType, part.source) } };
    case "audio":
      return toInputAudio(part, identity);
    case "file":
      return filePart(part, identity);
    default:
      return unreachable(part);
  }
}

function filePart(part: FilePart, identity: ModelIdentity): WirePart {
  const { mediaType, name, source } = part;
  if (source.kind !== "base64") {
    throw modelError("model.unsupported_content", identity, {
      sentence: `takes files only as base64, not ${describeMedia(mediaType, source)}. Download the file first`,
    });
  }
  const text = textOfFile(part);
  if (text !== undefined) return { type: "text", text };
  return { type: "file", file: { filename: name ?? "file", file_data: toMediaUrl(mediaType, source) } };
}
