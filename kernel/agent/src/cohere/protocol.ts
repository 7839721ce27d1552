import { sseFraming } from "../framing.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { CohereDecoder, createTextPattern } from "./decoder.ts";
import { createCohereBodyWriter } from "./request-body.ts";

/** Cohere's chat, version 2. */
export function createCohereProtocol(identity: ModelIdentity, url: URL): WireProtocol {
  const pattern = createTextPattern();
  return {
    url,
    wholeUrl: url,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    writeBody: createCohereBodyWriter(identity),
    framing: sseFraming,
    createDecoder: (toError) => new CohereDecoder(identity, toError, pattern),
  };
}
