import { sseFraming } from "../framing.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { ResponsesDecoder, createTextPattern } from "./decoder.ts";
import type { ResponsesSettings } from "./settings.ts";
import { createResponsesBodyWriter } from "./request-body.ts";

/** OpenAI Responses. */
export function createResponsesProtocol(
  identity: ModelIdentity,
  settings: Required<ResponsesSettings>,
  url: URL,
): WireProtocol {
  const pattern = createTextPattern();
  return {
    url,
    wholeUrl: url,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    writeBody: createResponsesBodyWriter(settings, identity),
    framing: sseFraming,
    createDecoder: (toError) => new ResponsesDecoder(identity, toError, pattern),
  };
}
