import type { ContentBlock } from "@modelcontextprotocol/server";
import type { ToolResultContent } from "@tau/core";

/** Text, a picture or a file as the protocol has it. */
export function toBlock(part: ToolResultContent): ContentBlock {
  if (part.type === "text") return { type: "text", text: part.text };
  const { source, mediaType } = part;
  if (source.kind === "url")
    return { type: "resource_link", uri: source.url, name: source.url, mimeType: mediaType };
  if (part.type === "image") return { type: "image", data: source.data, mimeType: mediaType };
  return {
    type: "resource",
    resource: { uri: `file:///${part.name ?? "file"}`, blob: source.data, mimeType: mediaType },
  };
}
