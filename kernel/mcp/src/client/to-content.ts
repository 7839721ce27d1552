import type { ContentBlock } from "@modelcontextprotocol/client";
import type { ToolResultContent } from "@tau/core";

/** What a server sent, as Tau shows it to models: text, pictures and files. What cannot be shown is named. */
export function toContent(block: ContentBlock): ToolResultContent {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "image":
    case "audio":
      return toMedia(block.mimeType, block.data, undefined);
    case "resource_link": {
      const { uri, name, description, mimeType } = block;
      return { type: "text", text: `Resource ${oneLine({ uri, name, description, mimeType })}` };
    }
    case "resource": {
      const { resource } = block;
      if ("text" in resource)
        return { type: "text", text: `Resource ${oneLine({ uri: resource.uri })}\n${resource.text}` };
      return toMedia(resource.mimeType ?? "application/octet-stream", resource.blob, resource.uri);
    }
    default:
      return { type: "text", text: "(content of a kind that is not known here)" };
  }
}

/** Bytes as a picture or a file; providers refuse whole requests for a broken one, so it is not let through. */
export function toMedia(mediaType: string, data: string, uri: string | undefined): ToolResultContent {
  if (!/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/iu.test(mediaType) || !isBase64(data))
    return { type: "text", text: "(content whose type or whose base64 is broken)" };
  const source = { kind: "base64", data } as const;
  if (/^image\/(?:png|jpeg|gif|webp)$/iu.test(mediaType))
    return { type: "image", mediaType: mediaType.toLowerCase(), source };
  const name = uri?.split("/").findLast((part) => part !== "");
  return { type: "file", mediaType, source, ...(name === undefined ? {} : { name }) };
}

function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/u.test(data);
}

function oneLine(values: Readonly<Record<string, string | undefined>>): string {
  return JSON.stringify(values);
}
