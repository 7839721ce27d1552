import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantMessage,
  AudioPart,
  FilePart,
  ImagePart,
  Message,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "@tau/core";

import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";

type WireSource =
  | { readonly type: "base64"; readonly media_type: string; readonly data: string }
  | { readonly type: "url"; readonly url: string };

interface WireText {
  readonly type: "text";
  readonly text: string;
}

type WireMedia =
  | { readonly type: "image"; readonly source: WireSource }
  | {
      readonly type: "document";
      readonly source:
        | WireSource
        | { readonly type: "text"; readonly media_type: "text/plain"; readonly data: string };
      readonly title?: string;
    };

/**
 * Writes one message as JSON; empty for a message of which nothing can be sent.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toMessageJson(message: Message, identity: ModelIdentity): string {
  switch (message.role) {
    case "user": {
      const content = message.parts
        .filter(isWorthSending)
        .map((part) => JSON.stringify(wirePart(part, identity)));
      // The protocol refuses an empty message, and the conversation must not lose one.
      if (content.length === 0) content.push(JSON.stringify({ type: "text", text: "(empty)" }));
      return `{"role":"user","content":[${content.join(",")}]}`;
    }
    case "assistant":
      return assistantJson(message);
    case "tool":
      return `{"role":"user","content":[${message.parts.map((part) => resultJson(part, identity)).join(",")}]}`;
    default:
      return unreachable(message);
  }
}

function assistantJson(message: AssistantMessage): string {
  const content: string[] = [];
  for (const part of message.parts) {
    if (part.type === "tool_call") content.push(callJson(part));
    else if (part.type === "text") {
      if (isWorthSending(part)) content.push(JSON.stringify({ type: "text", text: part.text }));
    } else if (part.type !== "thinking") {
      // The protocol takes no media and no other provider's items in an answer.
      continue;
    } else if (part.redacted !== undefined) {
      content.push(JSON.stringify({ type: "redacted_thinking", data: part.redacted }));
    } else if (part.signature !== undefined) {
      content.push(JSON.stringify({ type: "thinking", thinking: part.text, signature: part.signature }));
    }
    // Thinking without a signature is another provider's; this one would refuse it.
  }
  return content.length === 0 ? "" : `{"role":"assistant","content":[${content.join(",")}]}`;
}

/** The arguments go out as the model wrote them, so that the cached prompt stays the same byte for byte. */
function callJson(call: ToolCallPart): string {
  const parsed = parseJson(call.arguments);
  const input =
    parsed.ok && isJsonObject(parsed.value)
      ? call.arguments
      : JSON.stringify({ invalid_json: call.arguments });
  return `{"type":"tool_use","id":${JSON.stringify(call.id)},"name":${JSON.stringify(call.name)},"input":${input}}`;
}

function resultJson(result: ToolResultPart, identity: ModelIdentity): string {
  const content = result.content.filter(isWorthSending).map((part) => wirePart(part, identity));
  return JSON.stringify({
    type: "tool_result",
    tool_use_id: result.callId,
    ...(content.length === 0 ? {} : { content }),
    ...(result.isError ? { is_error: true } : {}),
  });
}

/** The protocol refuses text blocks that are empty or white space. */
function isWorthSending(part: TextPart | ImagePart | AudioPart | FilePart): boolean {
  return part.type !== "text" || part.text.trim() !== "";
}

function wirePart(
  part: TextPart | ImagePart | AudioPart | FilePart,
  identity: ModelIdentity,
): WireText | WireMedia {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image":
      return { type: "image", source: wireSource(part) };
    case "file":
      return {
        type: "document",
        source: fileSource(part, identity),
        ...(part.name === undefined ? {} : { title: part.name }),
      };
    case "audio":
      throw modelError("model.unsupported_content", identity, {
        sentence: "cannot read audio. Send a transcript instead",
      });
    default:
      return unreachable(part);
  }
}

function wireSource({ mediaType, source }: ImagePart | FilePart): WireSource {
  return source.kind === "url"
    ? { type: "url", url: source.url }
    : { type: "base64", media_type: mediaType, data: source.data };
}

function fileSource(
  part: FilePart,
  identity: ModelIdentity,
): Extract<WireMedia, { type: "document" }>["source"] {
  if (part.mediaType.startsWith("text/") && part.source.kind === "base64") {
    const data = Buffer.from(part.source.data, "base64").toString("utf8");
    return { type: "text", media_type: "text/plain", data };
  }
  if (part.mediaType === "application/pdf") return wireSource(part);
  throw modelError("model.unsupported_content", identity, {
    sentence: `reads only PDF and text files, not ${part.mediaType}. Convert the file first`,
  });
}
