import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ContextEntry, Label, UserMessage } from "@tau/core";
import type { ContextEntrySchema, LabelSchema, PartSchema } from "@tau/proto";
import { Confidentiality, enumOf, Integrity } from "@tau/proto";

import { optional } from "./optional.ts";

/** Writes a part of a prompt. */
export function partToProto(part: UserMessage["parts"][number]): MessageInitShape<typeof PartSchema> {
  const label = labelToProto(part.label);
  if (part.type === "text") return { part: { case: "text", value: { text: part.text, ...label } } };
  const { source, mediaType } = part;
  const value = {
    mediaType,
    ...label,
    ...optional("name", part.type === "file" ? part.name : undefined),
    source:
      source.kind === "url"
        ? { case: "url" as const, value: source.url }
        : { case: "data" as const, value: new Uint8Array(Buffer.from(source.data, "base64")) },
  };
  return { part: { case: part.type, value } };
}

/** Writes context that is handed in. */
export function entryToProto({
  key,
  content,
  contentType,
  label,
}: ContextEntry): MessageInitShape<typeof ContextEntrySchema> {
  return { key, content, ...optional("contentType", contentType), ...labelToProto(label) };
}

function labelToProto(label: Label | undefined): { label?: MessageInitShape<typeof LabelSchema> } {
  if (label === undefined) return {};
  const { integrity, origins, confidentiality, secrets } = label;
  return {
    label: {
      integrity: enumOf(Integrity, integrity),
      origins: [...origins],
      confidentiality: enumOf(Confidentiality, confidentiality),
      secrets: [...secrets],
    },
  };
}
