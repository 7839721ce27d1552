import { create } from "@bufbuild/protobuf";
import type { JsonObject as ProtoJsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type {
  AssistantPart,
  AudioPart,
  ContextEntry,
  FilePart,
  ImagePart,
  JsonObject,
  ProviderData,
  TextPart,
  Usage,
} from "@tau/core";
import { unreachable } from "@tau/core";
import type {
  ContextEntry as ProtoContextEntry,
  Part as ProtoPart,
  ProviderData as ProtoProviderData,
  Usage as ProtoUsage,
} from "@tau/proto";
import {
  ContextEntrySchema,
  MediaPartSchema,
  PartSchema,
  ProviderDataSchema,
  TextPartSchema,
  UsageSchema,
} from "@tau/proto";

import { labelToProto } from "./label-to-proto.ts";
import { optional } from "./optional.ts";

/** Writes parts of a message in the words of the contract. */
export function partsToProto(parts: readonly AssistantPart[]): ProtoPart[] {
  return parts.map((part) => create(PartSchema, { part: caseOf(part) }));
}

function caseOf(part: AssistantPart): NonNullable<MessageInitShape<typeof PartSchema>["part"]> {
  switch (part.type) {
    case "text":
      return { case: "text", value: textToProto(part) };
    case "thinking":
      return {
        case: "thinking",
        value: {
          text: part.text,
          ...optional("signature", part.signature),
          ...optional("redacted", part.redacted),
          ...optional("providerData", providerDataToProto(part.providerData)),
        },
      };
    case "image":
    case "audio":
    case "file":
      return { case: part.type, value: mediaToProto(part) };
    case "tool_call":
      return {
        case: "toolCall",
        value: {
          toolCallId: part.id,
          toolName: part.name,
          arguments: part.arguments,
          ...optional("providerData", providerDataToProto(part.providerData)),
        },
      };
    case "provider_item":
      return {
        case: "providerItem",
        value: {
          kind: part.kind,
          ...optional("providerData", providerDataToProto(part.providerData)),
        },
      };
    default:
      return unreachable(part);
  }
}

function textToProto({
  text,
  citations,
  providerData,
  label,
}: TextPart): MessageInitShape<typeof TextPartSchema> {
  return {
    text,
    ...labelToProto(label),
    ...optional("citations", citations === undefined ? undefined : [...citations]),
    ...optional("providerData", providerDataToProto(providerData)),
  };
}

function providerDataToProto(providerData: ProviderData | undefined): ProtoProviderData | undefined {
  if (providerData === undefined) return undefined;
  const { protocol, data } = providerData;
  return create(ProviderDataSchema, { protocol, data: structToProto(data) });
}

function mediaToProto(part: ImagePart | AudioPart | FilePart): MessageInitShape<typeof MediaPartSchema> {
  const { source } = part;
  return {
    mediaType: part.mediaType,
    ...labelToProto(part.label),
    ...optional("name", part.type === "file" ? part.name : undefined),
    source:
      source.kind === "base64"
        ? { case: "data", value: new Uint8Array(Buffer.from(source.data, "base64")) }
        : { case: "url", value: source.url },
  };
}

/** Writes context entries in the words of the contract. */
export function entriesToProto(entries: readonly ContextEntry[]): ProtoContextEntry[] {
  return entries.map(({ key, content, contentType, label }) =>
    create(ContextEntrySchema, {
      key,
      content,
      ...optional("contentType", contentType),
      ...labelToProto(label),
    }),
  );
}

/** Writes token counts in the words of the contract. */
export function usageToProto(usage: Usage): ProtoUsage {
  return create(UsageSchema, {
    inputTokens: BigInt(usage.inputTokens),
    outputTokens: BigInt(usage.outputTokens),
    cacheReadTokens: BigInt(usage.cacheReadTokens),
    cacheWriteTokens: BigInt(usage.cacheWriteTokens),
    reasoningTokens: BigInt(usage.reasoningTokens),
  });
}

/** Copies a JSON object into one that protobuf may own. */
export function structToProto(object: JsonObject): ProtoJsonObject {
  const copy: ProtoJsonObject = JSON.parse(JSON.stringify(object));
  return copy;
}
