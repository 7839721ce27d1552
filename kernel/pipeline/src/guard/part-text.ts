import type { AssistantPart, UserMessage } from "@tau/core";

import { fileTextOf, toFileBytes } from "./file-text.ts";

/** Media types whose files are text, also those whose names do not say so. */
const textual =
  /^(?:text\/|application\/(?:x-)?(?:json|ndjson|jsonl|xml|yaml|toml|sh|sql|javascript|typescript)\b|[^;]+\+(?:json|xml|yaml)\b)/i;

/** What a part says in words: a text, or a text file, which providers get as the text that it is. */
export function textOfPart(part: AssistantPart): string | undefined {
  if (part.type === "text") return part.text;
  const isText = part.type === "file" && part.source.kind === "base64" && textual.test(part.mediaType);
  return isText ? fileTextOf(Buffer.from(part.source.data, "base64")) : undefined;
}

/** The part with other words; a file in the encoding that it has. */
export function withPartText<Some extends UserMessage["parts"][number]>(part: Some, text: string): Some {
  if (part.type === "text") return { ...part, text };
  if (part.source.kind !== "base64") return part;
  const data = toFileBytes(text, Buffer.from(part.source.data, "base64")).toString("base64");
  return { ...part, source: { kind: "base64", data } };
}
