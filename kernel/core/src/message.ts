import type { JsonObject } from "./json.ts";
import type { Label } from "./label.ts";

/**
 * What a provider wants back with a part, unchanged: an id, a signature, an item of its own.
 * Only the wire protocol that made it reads it; every other one leaves it out.
 */
export interface ProviderData {
  /** The protocol's name, for example `openai-responses`. */
  readonly protocol: string;
  readonly data: JsonObject;
}

/** A source that the model says it used. `start` and `end` are UTF-16 units of the text part. */
export interface Citation {
  readonly url?: string;
  readonly title?: string;
  /** The words of the source. */
  readonly quote?: string;
  readonly start?: number;
  readonly end?: number;
}

/** Text said by anyone. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly citations?: readonly Citation[];
  readonly providerData?: ProviderData;
  /** How far to trust it; absent: as far as whoever produced the message. Never sent to a provider. */
  readonly label?: Label;
}

/**
 * What a model thought before it answered.
 *
 * Goes back to the provider unchanged: `signature` proves to it that nobody edited the text, and
 * `redacted` carries thinking that the provider encrypted (then `text` is empty).
 */
export interface ThinkingPart {
  readonly type: "thinking";
  readonly text: string;
  readonly signature?: string;
  readonly redacted?: string;
  readonly providerData?: ProviderData;
}

/** Bytes of a picture, a sound or a document: inline as base64, or by address. */
export type MediaSource =
  | { readonly kind: "base64"; readonly data: string }
  | { readonly kind: "url"; readonly url: string };

/** A picture. */
export interface ImagePart {
  readonly type: "image";
  /** A MIME type such as `image/png`. */
  readonly mediaType: string;
  readonly source: MediaSource;
  readonly label?: Label;
}

/** A sound. */
export interface AudioPart {
  readonly type: "audio";
  readonly mediaType: string;
  readonly source: MediaSource;
  readonly label?: Label;
}

/** A document, for example a PDF. */
export interface FilePart {
  readonly type: "file";
  readonly mediaType: string;
  readonly name?: string;
  readonly source: MediaSource;
  readonly label?: Label;
}

/** A model asks for a tool to be run. */
export interface ToolCallPart {
  readonly type: "tool_call";
  /** The provider's id of the call; the result names it. */
  readonly id: string;
  readonly name: string;
  /**
   * The arguments exactly as the model wrote them: the JSON text of an object, or broken JSON.
   * Kept as text so that it is parsed once, by whoever runs the tool, and sent back unchanged.
   */
  readonly arguments: string;
  readonly providerData?: ProviderData;
}

/**
 * Something in an answer that only its provider understands and wants back: a tool that ran there, its
 * result. Nothing here runs or reads it.
 */
export interface ProviderPart {
  readonly type: "provider_item";
  /** The provider's name for it, for example `web_search_call`. */
  readonly kind: string;
  readonly providerData: ProviderData;
}

/** What a tool result may contain. */
export type ToolResultContent = TextPart | ImagePart | FilePart;

/** What came of a tool call. Errors are data for the model, never an exception. */
export interface ToolResultPart {
  readonly type: "tool_result";
  readonly callId: string;
  readonly name: string;
  readonly content: readonly ToolResultContent[];
  readonly isError: boolean;
}

/** Every kind of message part. */
export type Part =
  | TextPart
  | ThinkingPart
  | ImagePart
  | AudioPart
  | FilePart
  | ToolCallPart
  | ToolResultPart
  | ProviderPart;

/** What a person, or the program around the agent, said. */
export interface UserMessage {
  readonly role: "user";
  readonly parts: readonly (TextPart | ImagePart | AudioPart | FilePart)[];
}

/** What an answer may consist of. */
export type AssistantPart =
  | TextPart
  | ThinkingPart
  | ImagePart
  | AudioPart
  | FilePart
  | ToolCallPart
  | ProviderPart;

/** What the model answered. */
export interface AssistantMessage {
  readonly role: "assistant";
  readonly parts: readonly AssistantPart[];
}

/** The results of the tool calls of the assistant message before it, in the order of the calls. */
export interface ToolMessage {
  readonly role: "tool";
  readonly parts: readonly ToolResultPart[];
}

/** One message of a conversation. Instructions ("system") travel beside the messages, not among them. */
export type Message = UserMessage | AssistantMessage | ToolMessage;

/** Makes a user message out of plain text. */
export function userText(text: string): UserMessage {
  return { role: "user", parts: [{ type: "text", text }] };
}

/** Joins the text parts of a message. */
export function textOf(message: Message): string {
  let text = "";
  for (const part of message.parts) if (part.type === "text") text += part.text;
  return text;
}

/** The tool calls of a message, in order. */
export function toolCallsOf(message: Message): readonly ToolCallPart[] {
  return message.parts.filter((part) => part.type === "tool_call");
}
