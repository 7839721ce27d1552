import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";

/** Options of {@link createCohere}. */
export interface CohereOptions extends WireModelOptions {
  /** With the version: `https://api.cohere.com/v2`, which is the default. */
  readonly baseUrl?: string;
  /** The name in errors and costs. Default `cohere`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks Cohere's own protocol, version 2: its plans before tool calls are thinking, and
 * its citations name the sources given by `providerOptions: { cohere: { documents } }` and by tools.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createCohere(options: CohereOptions): Model {
  const url = endpointOf(options.baseUrl ?? "https://api.cohere.com/v2", "/chat");
  const identity = { provider: options.provider ?? "cohere", model: options.model };

  return createWireModel({ ...identity, url }, options, async () => {
    const { createCohereProtocol } = await import("./protocol.ts");
    return createCohereProtocol(identity, url);
  });
}
