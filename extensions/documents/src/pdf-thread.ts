/**
 * The thread that reads a PDF. One may be made to keep a parser busy, or to use it up: then only this thread ends.
 *
 * Nothing of a document is run: the parser's part for scripts is not even installed, and it is given bytes, no address.
 */
import { parentPort } from "node:worker_threads";

import { getDocumentProxy } from "unpdf";

import { isPdfRequest } from "./pdf-message.ts";
import type { PdfAnswer, PdfRequest } from "./pdf-message.ts";

parentPort?.once("message", (message: unknown) => {
  if (!isPdfRequest(message)) return;
  read(message).then(answer, (error: unknown) => answer({ failure: failureOf(error) }));
});

function answer(message: PdfAnswer): void {
  parentPort?.postMessage(message);
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;

async function read({ data, firstPage, lastPage, maxChars }: PdfRequest): Promise<PdfAnswer> {
  const document = await getDocumentProxy(data, {
    verbosity: 0,
    enableXfa: false,
    useSystemFonts: false,
    disableFontFace: true,
    // Pictures are not looked at; what is not decoded cannot be a bomb.
    maxImageSize: 0,
  });
  const pages: { number: number; text: string }[] = [];
  let chars = 0;
  for (let number = firstPage; number <= Math.min(lastPage, document.numPages); number++) {
    const text = (await textOf(document, number)).slice(0, maxChars);
    chars += text.length;
    // A page is shown whole or not at all, but one always is.
    if (chars > maxChars && pages.length > 0) break;
    pages.push({ number, text });
  }
  return { pageCount: document.numPages, facts: await factsOf(document), pages };
}

async function textOf(document: Document, number: number): Promise<string> {
  const page = await document.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  const words = items.map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : ""));
  return words
    .join("")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .replaceAll(/[^\S\n]+\n/gu, "\n")
    .replaceAll(/\n{3,}/gu, "\n\n")
    .trim();
}

const factNames = ["Title", "Author", "Subject", "CreationDate"] as const;
const maxFactChars = 200;

async function factsOf(document: Document): Promise<Record<string, string>> {
  const { info } = await document.getMetadata();
  const facts = factNames.flatMap((name) => {
    const value: unknown = Reflect.get(info, name);
    if (typeof value !== "string") return [];
    const text = value.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
    return text === "" ? [] : [[name, text.slice(0, maxFactChars)]];
  });
  return Object.fromEntries(facts);
}

function failureOf(error: unknown): "encrypted" | "damaged" {
  return error instanceof Error && error.name === "PasswordException" ? "encrypted" : "damaged";
}
