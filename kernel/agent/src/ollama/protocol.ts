import { ndjsonFraming } from "../framing.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { createOllamaPatterns, OllamaDecoder } from "./decoder.ts";
import { readOllamaError } from "./read-error.ts";
import { createOllamaBodyWriter } from "./request-body.ts";
import type { OllamaBodyOptions } from "./request-body.ts";

/** Ollama's own `/api/chat`. */
export function createOllamaProtocol(options: OllamaBodyOptions, url: URL): WireProtocol {
  const patterns = createOllamaPatterns();
  return {
    url,
    wholeUrl: url,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    writeBody: createOllamaBodyWriter(options),
    framing: ndjsonFraming,
    readError: readOllamaError,
    createDecoder: (toError) => new OllamaDecoder(options.identity, toError, patterns),
  };
}
