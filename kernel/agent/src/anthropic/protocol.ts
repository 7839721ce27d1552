import { sseFraming } from "../framing.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { AnthropicDecoder, createTextPattern } from "./decoder.ts";
import { createAnthropicBodyWriter } from "./request-body.ts";

/** Anthropic Messages. */
export function createAnthropicProtocol(
  options: AnthropicBodyOptions,
  url: URL,
  betas: readonly string[],
): WireProtocol {
  const pattern = createTextPattern();
  return {
    url,
    wholeUrl: url,
    headersFor: (key) => ({
      "anthropic-version": "2023-06-01",
      ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
      ...(key === undefined ? {} : { "x-api-key": key }),
    }),
    writeBody: createAnthropicBodyWriter(options),
    framing: sseFraming,
    createDecoder: (toError) => new AnthropicDecoder(options.identity, toError, pattern),
  };
}
