import type { AudioPart, FilePart, ImagePart, JsonObject } from "@tau/core";

/** A medium on the wire: its bytes, or the address of a file that Google may fetch. */
export function toMediaPart({ mediaType, source }: ImagePart | AudioPart | FilePart): JsonObject {
  if (source.kind === "base64") return { inlineData: { mimeType: mediaType, data: source.data } };
  const inline = /^data:([^;,]*)(?:;[^;,]*)*?;base64,(.*)$/s.exec(source.url);
  if (inline !== null) return { inlineData: { mimeType: inline[1] || mediaType, data: inline[2] ?? "" } };
  return { fileData: { ...(mediaType === "" ? {} : { mimeType: mediaType }), fileUri: source.url } };
}

/** Media that Gemini 3 takes inside a tool result; it refuses sounds, films and addresses there. */
export function fitsInResult({ mediaType, source }: ImagePart | FilePart): boolean {
  return (
    source.kind === "base64" && /^(image\/(png|jpeg|webp)|application\/pdf|text\/plain)$/.test(mediaType)
  );
}
