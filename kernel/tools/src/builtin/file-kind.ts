/** What a file's bytes are, as far as a model can use them. */
export type FileKind =
  | { readonly kind: "text" }
  | { readonly kind: "image"; readonly mediaType: string }
  | { readonly kind: "binary"; readonly name: string; readonly mediaType?: string };

interface Magic {
  readonly bytes: string;
  readonly offset?: number;
  readonly kind: FileKind;
}

const magics: readonly Magic[] = [
  { bytes: "\x89PNG\r\n\x1a\n", kind: { kind: "image", mediaType: "image/png" } },
  { bytes: "\xff\xd8\xff", kind: { kind: "image", mediaType: "image/jpeg" } },
  { bytes: "GIF87a", kind: { kind: "image", mediaType: "image/gif" } },
  { bytes: "GIF89a", kind: { kind: "image", mediaType: "image/gif" } },
  { bytes: "WEBP", offset: 8, kind: { kind: "image", mediaType: "image/webp" } },
  {
    bytes: "%PDF-",
    kind: { kind: "binary", name: "a PDF document (try pdftotext in bash)", mediaType: "application/pdf" },
  },
  {
    bytes: "PK\x03\x04",
    kind: { kind: "binary", name: "a zip archive or Office document (try unzip -l in bash)" },
  },
  { bytes: "\x1f\x8b", kind: { kind: "binary", name: "gzip data (try zcat in bash)" } },
  { bytes: "\x7fELF", kind: { kind: "binary", name: "an ELF program or library" } },
  { bytes: "SQLite format 3\0", kind: { kind: "binary", name: "an SQLite database (try sqlite3 in bash)" } },
  { bytes: "\xff\xfe", kind: { kind: "binary", name: "UTF-16 text (try iconv -f UTF-16 -t UTF-8 in bash)" } },
  { bytes: "\xfe\xff", kind: { kind: "binary", name: "UTF-16 text (try iconv -f UTF-16 -t UTF-8 in bash)" } },
];

/** Tells what a file is by its first bytes; a NUL among the first 8 KB means that it is not text. */
export function fileKind(data: Uint8Array): FileKind {
  const start = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 8192));
  const text = start.toString("latin1", 0, 32);
  for (const { bytes, offset = 0, kind } of magics) {
    if (text.startsWith(bytes, offset)) return kind;
  }
  return start.includes(0) ? { kind: "binary", name: "binary data" } : { kind: "text" };
}
