import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantPart,
  AudioPart,
  FilePart,
  ImagePart,
  JsonObject,
  Message,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolResultPart,
} from "@tau/core";

import type { ConverseBodyOptions } from "./body-options.ts";
import { toAudio, toDocument, toImage } from "./media.ts";
import { ownData } from "./provider-data.ts";

/** How messages are written. */
export type ContentOptions = Pick<ConverseBodyOptions, "identity" | "family" | "citeDocuments">;

/**
 * Writes the blocks of one message as JSON, joined by commas; empty for a message of which nothing can be sent.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toContentJson(message: Message, options: ContentOptions): string {
  switch (message.role) {
    case "user": {
      const blocks = message.parts
        .filter(isWorthSending)
        .map((part) => JSON.stringify(toBlock(part, options)));
      const hasText = message.parts.some((part) => part.type === "text" && isWorthSending(part));
      // The protocol refuses a document without any text beside it, and a message without a block.
      if (message.parts.some(({ type }) => type === "file") && !hasText) blocks.push('{"text":"(document)"}');
      if (blocks.length === 0) blocks.push('{"text":"(empty)"}');
      return blocks.join(",");
    }
    case "assistant":
      return said(message.parts, options).join(",");
    case "tool":
      return message.parts.map((part) => JSON.stringify({ toolResult: toResult(part, options) })).join(",");
    default:
      return unreachable(message);
  }
}

/** The blocks up to the last that is no thought: an answer that was cut in its thoughts may not end with them. */
function said(parts: readonly AssistantPart[], options: ContentOptions): readonly string[] {
  const blocks: string[] = [];
  let thinksFrom = 0;
  for (const part of parts) {
    const json = partJson(part, options);
    if (json === undefined) continue;
    blocks.push(json);
    if (part.type !== "thinking") thinksFrom = blocks.length;
  }
  return blocks.slice(0, thinksFrom);
}

/** Whether the model takes thinking back: its vendor must have made it, and say so by a signature or a cipher. */
export function isOwnThinking({ signature, redacted, providerData }: ThinkingPart, vendor: string): boolean {
  if (signature === undefined && redacted === undefined) return false;
  // Claude's own API leaves no other mark than the signature.
  if (providerData === undefined) return vendor === "anthropic" && redacted === undefined;
  return ownData(providerData)?.["vendor"] === vendor;
}

/** The id of a call as the model allows it, which may not be the one that made it; the same for call and result. */
function toToolUseId(id: string, vendor: string): string {
  const forbidden = vendor === "anthropic" ? /[^a-zA-Z0-9_-]/g : /[^a-zA-Z0-9_.:-]/g;
  return id.replaceAll(forbidden, "_").slice(0, 64) || "call";
}

function partJson(part: AssistantPart, { family }: ContentOptions): string | undefined {
  switch (part.type) {
    case "tool_call":
      return callJson(part, family.vendor);
    case "text":
      return isWorthSending(part) ? JSON.stringify(toText(part)) : undefined;
    case "thinking":
      return isOwnThinking(part, family.vendor) ? JSON.stringify(toReasoning(part)) : undefined;
    case "provider_item": {
      const item = ownData(part.providerData);
      return item && JSON.stringify(item);
    }
    default:
      // The protocol takes no media in an answer.
      return undefined;
  }
}

/** The arguments go out as the model wrote them, so that the cached prompt stays the same byte for byte. */
function callJson(call: ToolCallPart, vendor: string): string {
  const parsed = parseJson(call.arguments);
  const isObject = parsed.ok && isJsonObject(parsed.value);
  const input = isObject ? call.arguments : JSON.stringify({ invalid_json: call.arguments });
  const id = JSON.stringify(toToolUseId(call.id, vendor));
  return `{"toolUse":{"toolUseId":${id},"name":${JSON.stringify(call.name)},"input":${input}}}`;
}

function toText({ text, providerData }: TextPart): JsonObject {
  const citations = ownData(providerData)?.["citations"];
  return citations === undefined ? { text } : { citationsContent: { content: [{ text }], citations } };
}

function toReasoning({ text, signature, redacted }: ThinkingPart): JsonObject {
  if (redacted !== undefined) return { reasoningContent: { redactedContent: redacted } };
  return { reasoningContent: { reasoningText: { text, ...(signature === undefined ? {} : { signature }) } } };
}

function toResult(result: ToolResultPart, options: ContentOptions): JsonObject {
  const content = result.content.filter(isWorthSending).map((part) => toBlock(part, options));
  const { toolStatus, vendor } = options.family;
  if (result.isError && !toolStatus) content.unshift({ text: "[tool error]" });
  if (content.length === 0) content.push({ text: "(empty)" });
  return {
    toolUseId: toToolUseId(result.callId, vendor),
    content,
    ...(result.isError && toolStatus ? { status: "error" } : {}),
  };
}

/** The protocol refuses text blocks that are empty or white space. */
function isWorthSending(part: TextPart | ImagePart | AudioPart | FilePart): boolean {
  return part.type !== "text" || part.text.trim() !== "";
}

function toBlock(part: TextPart | ImagePart | AudioPart | FilePart, options: ContentOptions): JsonObject {
  switch (part.type) {
    case "text":
      return { text: part.text };
    case "image":
      return { image: toImage(part, options.identity) };
    case "file":
      return { document: toDocument(part, options) };
    case "audio":
      return { audio: toAudio(part, options.identity) };
    default:
      return unreachable(part);
  }
}
