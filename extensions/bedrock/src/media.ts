import { createHash } from "node:crypto";

import { modelError } from "@tau/agent/adapter";
import type { ModelIdentity } from "@tau/agent/adapter";
import type { AudioPart, FilePart, ImagePart, JsonObject, MediaSource } from "@tau/core";

const imageFormats: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpeg",
  "image/jpg": "jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
};

const audioFormats: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/mp3": "mp3",
  "audio/mp4": "mp4",
  "audio/m4a": "m4a",
  "audio/aac": "aac",
  "audio/flac": "flac",
  "audio/ogg": "ogg",
  "audio/opus": "opus",
  "audio/webm": "webm",
};

const documentFormats: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/csv": "csv",
  "text/html": "html",
  "text/markdown": "md",
  "text/plain": "txt",
};

/**
 * A picture on the wire.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toImage({ mediaType, source }: ImagePart, identity: ModelIdentity): JsonObject {
  return { format: formatOf(imageFormats, mediaType, identity), source: toSource(source, identity) };
}

/** A sound on the wire; few models take any. @throws TauError `model.unsupported_content` */
export function toAudio({ mediaType, source }: AudioPart, identity: ModelIdentity): JsonObject {
  return { format: formatOf(audioFormats, mediaType, identity), source: toSource(source, identity) };
}

/** A document on the wire. @throws TauError `model.unsupported_content` */
export function toDocument(
  part: FilePart,
  { identity, citeDocuments }: { readonly identity: ModelIdentity; readonly citeDocuments: boolean },
): JsonObject {
  return {
    format: formatOf(documentFormats, part.mediaType, identity),
    name: toDocumentName(part),
    source: toSource(part.source, identity),
    ...(citeDocuments ? { citations: { enabled: true } } : {}),
  };
}

/**
 * The protocol allows letters, digits, single spaces, hyphens, parentheses and brackets, and no name twice in a
 * conversation: the end of the name tells documents apart.
 */
function toDocumentName({ name = "", source }: FilePart): string {
  const allowed = name.replace(/\.\w{1,5}$/, "").replaceAll(/[^a-zA-Z0-9\s()[\]-]+/g, "-");
  const plain = allowed.replaceAll(/\s+/g, " ").trim().slice(0, 150) || "document";
  const content = source.kind === "url" ? source.url : source.data;
  return `${plain}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
}

function toSource(source: MediaSource, identity: ModelIdentity): JsonObject {
  if (source.kind === "base64") return { bytes: source.data };
  if (source.url.startsWith("s3://")) return { s3Location: { uri: source.url } };
  throw modelError("model.unsupported_content", identity, {
    sentence: "reads media only inline or from s3:// addresses. Fetch it first",
  });
}

function formatOf(
  formats: Readonly<Record<string, string>>,
  mediaType: string,
  identity: ModelIdentity,
): string {
  const format = formats[mediaType.toLowerCase().split(";")[0]?.trim() ?? ""];
  if (format !== undefined) return format;
  throw modelError("model.unsupported_content", identity, {
    sentence: `cannot be sent ${mediaType}. It takes ${[...new Set(Object.values(formats))].join(", ")}`,
  });
}
