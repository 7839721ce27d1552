import type { AssistantPart, UserMessage } from "@tau/core";

/** What a part says in words: a text, or a text file, which providers get as the text that it is. */
export function textOfPart(part: AssistantPart): string | undefined {
  if (part.type === "text") return part.text;
  const isText = part.type === "file" && part.source.kind === "base64" && part.mediaType.startsWith("text/");
  return isText ? Buffer.from(part.source.data, "base64").toString("utf8") : undefined;
}

/** The part with other words. */
export function withPartText<Some extends UserMessage["parts"][number]>(part: Some, text: string): Some {
  if (part.type === "text") return { ...part, text };
  return { ...part, source: { kind: "base64", data: Buffer.from(text).toString("base64") } };
}
