import { deflateSync } from "node:zlib";

/** What {@link makePdf} is to write. */
export interface PdfParts {
  /** The text of each page, in lines; none: a page that shows no text. */
  readonly pages: readonly (readonly string[])[];
  /** Further entries of the document's information, such as `/Title (…)`. */
  readonly info?: string;
  /** Further entries of the catalog. */
  readonly catalog?: string;
  /** Further entries of the trailer. */
  readonly trailer?: string;
  /** Further objects, beginning with number 4. */
  readonly objects?: readonly (string | Buffer)[];
  /** Content and dictionary of the only page's stream, in place of `pages`. */
  readonly content?: Buffer;
}

/** Writes a small PDF by hand: catalog, pages, font, contents, cross references. */
export function makePdf(parts: PdfParts): Buffer {
  const extra = parts.objects ?? [];
  const contents = parts.content === undefined ? parts.pages.map(contentOf) : [parts.content];
  const first = 4 + extra.length;
  const kids = contents.map((_, index) => `${first + index * 2} 0 R`).join(" ");
  const resources = `/Resources << /Font << /F 3 0 R >> /XObject << /X 4 0 R >> >>`;
  const objects: (string | Buffer)[] = [
    `<< /Type /Catalog /Pages 2 0 R ${parts.catalog ?? ""} >>`,
    `<< /Type /Pages /Kids [${kids}] /Count ${contents.length} /MediaBox [0 0 612 792] ${resources} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ...extra,
    ...contents.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /Contents ${first + index * 2 + 1} 0 R >>`,
      content,
    ]),
    `<< ${parts.info ?? ""} >>`,
  ];
  return assemble(objects, `/Info ${objects.length} 0 R ${parts.trailer ?? ""}`);
}

/** An object of bytes, with the entries of its dictionary. */
export function streamOf(data: Buffer | string, entries = ""): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([
    Buffer.from(`<< /Length ${bytes.length} ${entries} >>\nstream\n`),
    bytes,
    Buffer.from("\nendstream"),
  ]);
}

/** A stream of very few bytes that unpacks to very many. */
export function bombOf(bytes: number): Buffer {
  const packed = deflateSync(deflateSync(Buffer.alloc(bytes, " ")));
  return streamOf(packed, "/Filter [/FlateDecode /FlateDecode]");
}

function contentOf(lines: readonly string[]): Buffer {
  if (lines.length === 0) return streamOf("0 0 100 100 re f");
  const shown = lines.map((line) => `(${line.replaceAll(/[()\\]/gu, "\\$&")}) Tj T*`).join("\n");
  return streamOf(`BT /F 12 Tf 14 TL 72 720 Td\n${shown}\nET`);
}

function assemble(objects: readonly (string | Buffer)[], trailer: string): Buffer {
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  const offsets: number[] = [];
  let at = 9;
  const add = (part: Buffer): void => {
    parts.push(part);
    at += part.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(at);
    add(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from("\nendobj\n")]));
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  const end = `trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${at}\n%%EOF\n`;
  add(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${table}${end}`));
  return Buffer.concat(parts);
}
