import { sseFraming } from "../framing.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { AnthropicDecoder } from "./decoder.ts";
import { createAnthropicBodyWriter } from "./request-body.ts";
import type { AnthropicBodyOptions } from "./request-body.ts";

/** Anthropic Messages. */
export function createAnthropicProtocol(options: AnthropicBodyOptions, url: URL): WireProtocol {
  return {
    url,
    headersFor: (key) => ({
      "anthropic-version": "2023-06-01",
      ...(key === undefined ? {} : { "x-api-key": key }),
    }),
    writeBody: createAnthropicBodyWriter(options),
    framing: sseFraming,
    createDecoder: (toError) => new AnthropicDecoder(options.identity, toError),
  };
}
