import { sseFraming } from "../framing.ts";
import type { ModelIdentity } from "../model-error.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { createContentPattern, OpenAiChatDecoder } from "./decoder.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { createQuietChunks } from "./quiet-chunks.ts";
import { createOpenAiBodyWriter } from "./request-body.ts";

/** OpenAI Chat Completions in one dialect. */
export function createOpenAiChatProtocol(
  identity: ModelIdentity,
  dialect: OpenAiChatDialect,
  url: URL,
): WireProtocol {
  const pattern = createContentPattern();
  const quiet = createQuietChunks();
  return {
    url,
    wholeUrl: url,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    writeBody: createOpenAiBodyWriter(dialect, identity),
    framing: sseFraming,
    createDecoder: (toError) => new OpenAiChatDecoder({ identity, dialect, toError, pattern, quiet }),
  };
}
