import type { AudioPart, FilePart, MediaSource } from "@tau/core";

import { modelError } from "./model-error.ts";
import type { ModelIdentity } from "./model-error.ts";

/** An address that both OpenAI protocols take: the given one, or the bytes as a data URL. */
export function toMediaUrl(mediaType: string, source: MediaSource): string {
  return source.kind === "url" ? source.url : `data:${mediaType};base64,${source.data}`;
}

/**
 * A sound as both protocols take it.
 *
 * @throws TauError `model.unsupported_content` for an address, and for anything but WAV and MP3
 */
export function toInputAudio(
  part: AudioPart,
  identity: ModelIdentity,
): {
  readonly type: "input_audio";
  readonly input_audio: { readonly data: string; readonly format: "wav" | "mp3" };
} {
  const subtype = part.mediaType.replace(/^audio\/(x-)?/, "");
  const isWav = subtype === "wav" || subtype === "wave";
  const format = isWav ? "wav" : subtype === "mpeg" || subtype === "mp3" ? "mp3" : undefined;
  if (part.source.kind !== "base64" || format === undefined) {
    throw modelError("model.unsupported_content", identity, {
      sentence: `takes audio only as base64 in WAV or MP3, not ${describeMedia(part.mediaType, part.source)}`,
    });
  }
  return { type: "input_audio", input_audio: { data: part.source.data, format } };
}

/** The text of a text file, under its name; of any other file nothing. */
export function textOfFile({ mediaType, name, source }: FilePart): string | undefined {
  if (source.kind === "url" || !mediaType.startsWith("text/")) return undefined;
  const text = Buffer.from(source.data, "base64").toString("utf8");
  return name === undefined ? text : `${name}:\n${text}`;
}

/** How a medium was given, for the message of an error. */
export function describeMedia(mediaType: string, source: MediaSource): string {
  return `${mediaType} by ${source.kind === "url" ? "address" : "value"}`;
}
