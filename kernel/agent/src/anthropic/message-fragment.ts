import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  Message,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
} from "@tau/core";

import { toCallId } from "../call-id.ts";
import type { CallIdRule } from "../call-id.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { ownData } from "./block-data.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { containerKind } from "./container.ts";
import { isOwnThinking } from "./thinking.ts";

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
      readonly citations?: { readonly enabled: true };
    };

/** As the protocol demands it; the longest that Claude takes anywhere. */
const callIds: CallIdRule = { pattern: /^[a-zA-Z0-9_-]{1,64}$/, length: 24 };

/** How messages are written. */
type FragmentOptions = Pick<AnthropicBodyOptions, "identity" | "citeDocuments">;

/**
 * Writes one message as JSON; empty for a message of which nothing can be sent.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toMessageJson(message: Message, options: FragmentOptions): string {
  switch (message.role) {
    case "user": {
      const content = message.parts
        .filter(isWorthSending)
        .map((part) => JSON.stringify(wirePart(part, options)));
      // The protocol refuses an empty message, and the conversation must not lose one.
      if (content.length === 0) content.push(JSON.stringify({ type: "text", text: "(empty)" }));
      return `{"role":"user","content":[${content.join(",")}]}`;
    }
    case "assistant":
      return assistantJson(message);
    case "tool":
      return `{"role":"user","content":[${message.parts.map((part) => resultJson(part, options)).join(",")}]}`;
    default:
      return unreachable(message);
  }
}

function assistantJson(message: AssistantMessage): string {
  const content: string[] = [];
  let thinksFrom = 0;
  for (const part of message.parts) {
    const block = partJson(part);
    if (block === undefined) continue;
    content.push(block);
    if (part.type !== "thinking") thinksFrom = content.length;
  }
  // An answer that was cut in its thoughts: the provider refuses one that ends with them.
  content.length = thinksFrom;
  return content.length === 0 ? "" : `{"role":"assistant","content":[${content.join(",")}]}`;
}

/** Nothing for what the protocol does not take in an answer: media, and what only another provider understands. */
function partJson(part: AssistantPart): string | undefined {
  switch (part.type) {
    case "tool_call":
      return callJson(part);
    case "text":
      return isWorthSending(part) ? textJson(part) : undefined;
    case "thinking":
      return isOwnThinking(part) ? thinkingJson(part) : undefined;
    case "provider_item": {
      const block = part.kind === containerKind ? undefined : ownData(part.providerData);
      return block && JSON.stringify(block);
    }
    default:
      return undefined;
  }
}

function textJson({ text, providerData }: TextPart): string {
  const citations = ownData(providerData)?.["citations"];
  return JSON.stringify({ type: "text", text, ...(citations === undefined ? {} : { citations }) });
}

function thinkingJson({ text, signature, redacted }: ThinkingPart): string {
  return JSON.stringify(
    redacted === undefined
      ? { type: "thinking", thinking: text, signature }
      : { type: "redacted_thinking", data: redacted },
  );
}

/** The arguments go out as the model wrote them, so that the cached prompt stays the same byte for byte. */
function callJson(call: ToolCallPart): string {
  const parsed = parseJson(call.arguments);
  const input =
    parsed.ok && isJsonObject(parsed.value)
      ? call.arguments
      : JSON.stringify({ invalid_json: call.arguments });
  const kept = JSON.stringify(ownData(call.providerData) ?? {}).slice(1, -1);
  const head = `{"type":"tool_use","id":${JSON.stringify(toCallId(call.id, callIds))},"name":${JSON.stringify(call.name)}`;
  return `${head},"input":${input}${kept === "" ? "" : `,${kept}`}}`;
}

function resultJson(result: ToolResultPart, options: FragmentOptions): string {
  const content = result.content.filter(isWorthSending).map((part) => wirePart(part, options));
  // The protocol refuses a failure that says nothing.
  if (content.length === 0 && result.isError) content.push({ type: "text", text: "(no output)" });
  return JSON.stringify({
    type: "tool_result",
    tool_use_id: toCallId(result.callId, callIds),
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
  { identity, citeDocuments }: FragmentOptions,
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
        ...(citeDocuments ? { citations: { enabled: true } } : {}),
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
