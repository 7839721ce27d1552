import { isJsonObject, parseJson, unreachable } from "@tau/core";
import type {
  AssistantMessage,
  JsonObject,
  Message,
  ToolCallPart,
  ToolMessage,
  ToolResultPart,
} from "@tau/core";

import { objectAt, textAt } from "../json-fields.ts";
import type { ModelIdentity } from "../model-error.ts";
import { fitsInResult, toMediaPart } from "./media-part.ts";
import { ownPart } from "./part-data.ts";
import type { GeminiSettings } from "./settings.ts";

/** What decides how contents are written. */
export interface ContentOptions {
  readonly identity: ModelIdentity;
  readonly settings: Required<GeminiSettings>;
}

/**
 * Google's word for "this call was not made by the model that reads it": Gemini 3 refuses the first call of a turn
 * without a signature (https://ai.google.dev/gemini-api/docs/thought-signatures). Bytes, so it goes as base64.
 */
const foreignSignature = Buffer.from("skip_thought_signature_validator").toString("base64");

/**
 * Writes one message as JSON of contents, joined by commas: none for an answer of which nothing can go back, two
 * where a tool's result has media that must follow it. `previous` is the message before, which has the calls.
 */
export function toContents(message: Message, previous: Message | undefined, options: ContentOptions): string {
  switch (message.role) {
    case "user": {
      const parts = message.parts
        .filter((part) => part.type !== "text" || part.text !== "")
        .map((part) => (part.type === "text" ? { text: part.text } : toMediaPart(part)));
      // The protocol refuses an empty content, and the conversation must not lose one.
      return contentJson("user", parts.length === 0 ? [{ text: "(empty)" }] : parts);
    }
    case "assistant": {
      const parts = assistantParts(message, options);
      return parts.length === 0 ? "" : `{"role":"model","parts":[${parts.join(",")}]}`;
    }
    case "tool":
      return resultContents(message, previous, options);
    default:
      return unreachable(message);
  }
}

function contentJson(role: "user", parts: readonly JsonObject[]): string {
  return JSON.stringify({ role, parts });
}

/** Everything that came from here goes back as it came, in its own part. */
function assistantParts({ parts }: AssistantMessage, options: ContentOptions): readonly string[] {
  const { provider } = options.identity;
  const written: string[] = [];
  let calls = 0;
  let opened: JsonObject | undefined;
  for (const part of parts) {
    const head = opened;
    opened = undefined;
    switch (part.type) {
      case "text": {
        const own = ownPart(part.providerData, provider);
        if (part.text !== "" || own !== undefined) written.push(JSON.stringify({ ...own, text: part.text }));
        break;
      }
      case "thinking": {
        const own = ownPart(part.providerData, provider);
        if (own !== undefined) written.push(JSON.stringify({ ...own, text: part.text }));
        break;
      }
      case "provider_item": {
        const own = ownPart(part.providerData, provider);
        if (own === undefined) break;
        // Its bytes are in the part behind it.
        if (isJsonObject(own["inlineData"]) && own["inlineData"]["data"] === undefined) opened = own;
        else written.push(JSON.stringify(own));
        break;
      }
      case "tool_call":
        written.push(callJson(part, calls++ === 0, options));
        break;
      default:
        written.push(JSON.stringify({ ...head, ...toMediaPart(part) }));
    }
  }
  return written;
}

/** The arguments go out as they came in, so that the cached prompt stays the same byte for byte. */
function callJson(call: ToolCallPart, isFirst: boolean, { identity, settings }: ContentOptions): string {
  const own = ownPart(call.providerData, identity.provider) ?? {};
  const id = textAt(objectAt(own, "functionCall"), "id");
  const parsed = parseJson(call.arguments);
  const args =
    parsed.ok && isJsonObject(parsed.value)
      ? call.arguments
      : JSON.stringify({ invalid_json: call.arguments });
  const missing = isFirst && settings.generation === 3 && own["thoughtSignature"] === undefined;
  const rest = {
    ...own,
    ...(missing ? { thoughtSignature: foreignSignature } : {}),
    functionCall: undefined,
  };
  const fields = Object.entries(rest).flatMap(([name, value]) =>
    value === undefined ? [] : [`,${JSON.stringify(name)}:${JSON.stringify(value)}`],
  );
  const idField = id === "" ? "" : `"id":${JSON.stringify(id)},`;
  return `{"functionCall":{${idField}"name":${JSON.stringify(call.name)},"args":${args}}${fields.join("")}}`;
}

function resultContents(
  { parts }: ToolMessage,
  previous: Message | undefined,
  { identity, settings }: ContentOptions,
): string {
  const later: JsonObject[] = [];
  const responses = parts.map((result) => {
    const media = result.content.filter((part) => part.type !== "text");
    const inside = settings.generation === 3 ? media.filter(fitsInResult) : [];
    const outside = media.filter((part) => !inside.includes(part));
    if (outside.length > 0)
      later.push({ text: `From the result of ${result.name}:` }, ...outside.map(toMediaPart));
    const texts = result.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
    if (texts.length === 0 && outside.length > 0) texts.push("See the files that follow.");
    const id = idOf(result, previous, identity.provider);
    return {
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        name: result.name,
        response: { [result.isError ? "error" : "output"]: texts.join("\n") },
        ...(inside.length === 0 ? {} : { parts: inside.map(toMediaPart) }),
      },
    };
  });
  const contents = [contentJson("user", responses)];
  if (later.length > 0) contents.push(contentJson("user", later));
  return contents.join(",");
}

/** The provider's own id of the call; ids that Tau or another provider gave mean nothing there. */
function idOf(result: ToolResultPart, previous: Message | undefined, provider: string): string | undefined {
  const parts = previous?.role === "assistant" ? previous.parts : [];
  const call = parts.find((part) => part.type === "tool_call" && part.id === result.callId);
  const own = call?.type === "tool_call" ? ownPart(call.providerData, provider) : undefined;
  return textAt(objectAt(own ?? {}, "functionCall"), "id") || undefined;
}
