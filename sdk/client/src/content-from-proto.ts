import type {
  AudioPart,
  Citation,
  ContextEntry,
  FilePart,
  ImagePart,
  Label,
  MediaSource,
  Part,
  ProviderData,
  TextPart,
  Usage,
} from "@tau/core";
import { isJsonObject } from "@tau/core";
import type {
  Citation as ProtoCitation,
  ContextEntry as ProtoContextEntry,
  MediaPart,
  Part as ProtoPart,
  ProviderData as ProtoProviderData,
  TextPart as ProtoTextPart,
  Usage as ProtoUsage,
} from "@tau/proto";

import { labelFromProto } from "./label-from-proto.ts";
import { NotUnderstood } from "./not-understood.ts";
import { optional } from "./optional.ts";

/** What a sent part can be. */
export type SentPart = Exclude<Part, { type: "tool_result" }>;

/** Reads parts of a message, all of the kinds in `types`. */
export function partsOf<Type extends SentPart["type"]>(
  parts: readonly ProtoPart[],
  types: readonly Type[],
): readonly Extract<SentPart, { type: Type }>[] {
  const isWanted = (part: SentPart): part is Extract<SentPart, { type: Type }> =>
    types.some((type) => type === part.type);
  return parts.map(partFromProto).map((part) => {
    if (!isWanted(part)) throw new NotUnderstood();
    return part;
  });
}

function partFromProto({ part }: ProtoPart): SentPart {
  switch (part.case) {
    case "text":
      return textFromProto(part.value);
    case "thinking":
      return {
        type: "thinking",
        text: part.value.text,
        ...optional("signature", part.value.signature),
        ...optional("redacted", part.value.redacted),
        ...optional("providerData", providerDataFromProto(part.value.providerData)),
      };
    case "image":
    case "audio":
      return mediaOf(part.case, part.value);
    case "file":
      return { ...mediaOf("file", part.value), ...optional("name", part.value.name) };
    case "toolCall":
      return {
        type: "tool_call",
        id: part.value.toolCallId,
        name: part.value.toolName,
        arguments: part.value.arguments,
        ...optional("providerData", providerDataFromProto(part.value.providerData)),
      };
    case "providerItem": {
      const providerData = providerDataFromProto(part.value.providerData);
      if (providerData === undefined) throw new NotUnderstood();
      return { type: "provider_item", kind: part.value.kind, providerData };
    }
    default:
      throw new NotUnderstood();
  }
}

function textFromProto({ text, citations, providerData, label }: ProtoTextPart): TextPart {
  return {
    type: "text",
    text,
    ...labelFromProto(label),
    ...optional("citations", citations.length === 0 ? undefined : citations.map(citationFromProto)),
    ...optional("providerData", providerDataFromProto(providerData)),
  };
}

function citationFromProto({ url, title, quote, start, end }: ProtoCitation): Citation {
  return {
    ...optional("url", url),
    ...optional("title", title),
    ...optional("quote", quote),
    ...optional("start", start),
    ...optional("end", end),
  };
}

function providerDataFromProto(sent: ProtoProviderData | undefined): ProviderData | undefined {
  if (sent === undefined) return undefined;
  const data: unknown = sent.data;
  if (!isJsonObject(data)) throw new NotUnderstood();
  return { protocol: sent.protocol, data };
}

function mediaOf<Type extends (ImagePart | AudioPart | FilePart)["type"]>(
  type: Type,
  { mediaType, source, label }: MediaPart,
): {
  readonly type: Type;
  readonly mediaType: string;
  readonly source: MediaSource;
  readonly label?: Label;
} {
  return { type, mediaType, source: sourceOf(source), ...labelFromProto(label) };
}

function sourceOf(source: MediaPart["source"]): MediaSource {
  switch (source.case) {
    case "data":
      return { kind: "base64", data: Buffer.from(source.value).toString("base64") };
    case "url":
      return { kind: "url", url: source.value };
    default:
      throw new NotUnderstood();
  }
}

/** Reads context entries. */
export function entriesFromProto(entries: readonly ProtoContextEntry[]): readonly ContextEntry[] {
  return entries.map(({ key, content, contentType, label }) => ({
    key,
    content,
    ...optional("contentType", contentType === "" ? undefined : contentType),
    ...labelFromProto(label),
  }));
}

/** Reads token counts. */
export function usageFromProto(usage: ProtoUsage | undefined): Usage {
  return {
    inputTokens: Number(usage?.inputTokens ?? 0n),
    outputTokens: Number(usage?.outputTokens ?? 0n),
    cacheReadTokens: Number(usage?.cacheReadTokens ?? 0n),
    cacheWriteTokens: Number(usage?.cacheWriteTokens ?? 0n),
    reasoningTokens: Number(usage?.reasoningTokens ?? 0n),
  };
}
