import { TauError } from "@tau/core";
import type { FilePart } from "@tau/core";

import type { DocumentReader, DocumentText } from "../document-reader.ts";
import type { ToolContext, ToolOutput } from "../tool.ts";
import { shortHash } from "./open-file.ts";
import type { OpenFile } from "./open-file.ts";

/** How pages are asked for: `3`, `2-5`, `7-`. */
export const pagesPattern = "^[1-9][0-9]{0,5}(-([1-9][0-9]{0,5})?)?$";

const maxChars = 50_000;
/** What a provider takes of a document in one request is about 5 MB of base64. */
const maxFileBytes = 3_750_000;

/** A document, and what is wanted of it. */
export interface ShownDocument {
  readonly file: OpenFile;
  readonly mediaType: string;
  readonly pages?: string;
  readonly reader: DocumentReader;
}

/**
 * Shows pages of a document as text. Where they have none, being scans, a model that is known to take documents gets the file
 * itself: its provider looks at the pages as pictures.
 *
 * @throws TauError `document.no_page`, and what the reader throws
 */
export async function showDocument(
  { file, mediaType, pages, reader }: ShownDocument,
  { takes, signal }: Pick<ToolContext, "takes" | "signal">,
): Promise<ToolOutput> {
  const range = rangeOf(pages);
  const document = await reader.read({ data: file.data, ...range, maxChars }, signal);
  const { pageCount } = document;
  const last = document.pages.at(-1)?.number;
  if (last === undefined) {
    throw new TauError(
      "document.no_page",
      `${file.shown} has ${pageCount} pages; there is none in "${pages ?? "1-"}". Ask for pages as in "1-5".`,
    );
  }
  const isScan = document.pages.every(({ text }) => text === "");
  const wholeFile = isScan && takes?.file === "yes" && file.data.byteLength <= maxFileBytes;
  const facts = Object.entries(document.facts).map(([name, value]) => `${name}: ${value}`);
  const more =
    last >= Math.min(range.lastPage, pageCount)
      ? []
      : [`[Not all pages fit. Continue with pages "${last + 1}-${Math.min(range.lastPage, pageCount)}".]`];
  const text = [
    `${file.shown} (${mediaType}, pages ${range.firstPage}-${last} of ${pageCount}, sha256 ${shortHash(file.sha256)})`,
    ...facts,
    ...document.pages.map(pageText),
    ...more,
    ...(isScan ? [wholeFile ? "[The document itself follows.]" : scanAdvice] : []),
  ].join("\n");
  return {
    content: [{ type: "text", text }, ...(wholeFile ? [filePart(file, mediaType)] : [])],
    details: { path: file.real, sha256: file.sha256, mediaType, pageCount },
  };
}

const scanAdvice =
  "[No page shown has text: they are scans or pictures. Have their text read by a program, such as ocrmypdf or tesseract, or use a model that takes documents.]";

function pageText({ number, text }: DocumentText["pages"][number]): string {
  return `--- page ${number} ---\n${text === "" ? "[no text: a scan, a picture, or nothing]" : text}`;
}

function filePart({ data, shown }: OpenFile, mediaType: string): FilePart {
  const source = { kind: "base64", data: Buffer.from(data).toString("base64") } as const;
  return { type: "file", mediaType, name: shown.split("/").at(-1) ?? shown, source };
}

function rangeOf(pages = "1-"): { readonly firstPage: number; readonly lastPage: number } {
  const [first = "1", last] = pages.split("-");
  const lastPage = last === undefined ? first : last === "" ? "Infinity" : last;
  return { firstPage: Number(first), lastPage: Number(lastPage) };
}
