export { documentErrorCodes } from "./error-codes.ts";
export type { PdfReaderOptions } from "./pdf-reader.ts";
export { createPdfReader } from "./pdf-reader.ts";
