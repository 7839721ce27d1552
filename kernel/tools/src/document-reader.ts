/** What is wanted of a document. */
export interface DocumentRequest {
  readonly data: Uint8Array;
  /** Pages count from 1; both are included, and what is past the end is left out. */
  readonly firstPage: number;
  readonly lastPage: number;
  /** Characters of text: whole pages, as many as fit, and the beginning of the first one if not even that fits. */
  readonly maxChars: number;
}

/** What a document says. Strangers may have written all of it. */
export interface DocumentText {
  /** Of the whole document. */
  readonly pageCount: number;
  /** What it says of itself, on one line each, such as `Title`. */
  readonly facts: Readonly<Record<string, string>>;
  /** In order, without gaps. A page without text is a scan, a picture, or empty. */
  readonly pages: readonly { readonly number: number; readonly text: string }[];
}

/**
 * Turns documents such as PDFs into text, for the tool `read`.
 *
 * Contract:
 * - Nothing in a document is run, and no address in it is asked.
 * - Whatever the bytes are, it ends within bounds of time and memory, with a `TauError` where it cannot answer.
 */
export interface DocumentReader {
  /** The media types that it reads, such as `application/pdf`. */
  readonly mediaTypes: readonly string[];
  read(request: DocumentRequest, signal: AbortSignal): Promise<DocumentText>;
}
