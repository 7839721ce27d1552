import type { Framing } from "../framing.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { createGeminiPatterns, GeminiDecoder } from "./decoder.ts";
import { createGeminiBodyWriter } from "./request-body.ts";
import type { GeminiBodyOptions } from "./request-body.ts";
import { GeminiStreamParser } from "./stream-parser.ts";

const framing: Framing = {
  contentType: "text/event-stream",
  createParser: (sink, maxEventBytes) => new GeminiStreamParser(sink, maxEventBytes),
};

/** Gemini's `streamGenerateContent` and `generateContent`, at the Gemini API and at Vertex, which differ in who asks and where. */
export function createGeminiProtocol(
  options: GeminiBodyOptions,
  place: Pick<WireProtocol, "url" | "wholeUrl" | "headersFor">,
): WireProtocol {
  const patterns = createGeminiPatterns();
  return {
    ...place,
    writeBody: createGeminiBodyWriter(options),
    framing,
    createDecoder: (toError) => new GeminiDecoder(options.identity, toError, patterns),
  };
}
