import type { DocumentText } from "@tau/tools";

/** What the thread is asked; pages count from 1. */
export interface PdfRequest {
  readonly data: Uint8Array;
  readonly firstPage: number;
  readonly lastPage: number;
  readonly maxChars: number;
}

/** What it answers. */
export type PdfAnswer = DocumentText | { readonly failure: "encrypted" | "damaged" };

/** Tells whether a message is a {@link PdfRequest}. */
export function isPdfRequest(message: unknown): message is PdfRequest {
  if (typeof message !== "object" || message === null) return false;
  const { data, firstPage, lastPage, maxChars }: Partial<Record<keyof PdfRequest, unknown>> = message;
  return (
    data instanceof Uint8Array && [firstPage, lastPage, maxChars].every((value) => typeof value === "number")
  );
}

/** Tells whether a message is a {@link PdfAnswer}. */
export function isPdfAnswer(message: unknown): message is PdfAnswer {
  if (typeof message !== "object" || message === null) return false;
  const said: Partial<Record<"failure" | "pageCount" | "facts" | "pages", unknown>> = message;
  if (said.failure !== undefined) return said.failure === "encrypted" || said.failure === "damaged";
  return typeof said.pageCount === "number" && typeof said.facts === "object" && Array.isArray(said.pages);
}
