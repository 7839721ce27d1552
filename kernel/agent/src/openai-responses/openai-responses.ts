import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import { findProvider } from "../openai-chat/providers.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import { responsesSettings } from "./settings.ts";
import type { ResponsesSettings } from "./settings.ts";

/** Options of {@link createOpenAiResponses}. */
export interface OpenAiResponsesOptions extends WireModelOptions, ResponsesSettings {
  /** With the version, without the path: `http://localhost:8080/v1`. Default the provider's. */
  readonly baseUrl?: string;
  /**
   * Who answers: a known provider, for example `xai` or `openrouter`, or any other name, which then only names
   * it in errors and costs. Only the provider of this name gets its items back. Default `openai`.
   */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks the OpenAI Responses protocol: OpenAI, xAI, OpenRouter, DeepSeek and others.
 *
 * Nothing is stored at the provider (`store: false`): what it wants back, thinking among it, travels in the
 * messages and goes back unchanged, but only to the provider whose name it bears. Stop sequences do not exist in
 * this protocol and are refused with `model.unsupported_content`; a seed is left out.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address, or is missing for a provider
 *   that has none of its own
 */
export function createOpenAiResponses(options: OpenAiResponsesOptions): Model {
  const { provider = "openai", model } = options;
  const url = endpointOf(options.baseUrl ?? findProvider(provider)?.baseUrl ?? "", "/responses");
  const identity = { provider, model };

  const settings = responsesSettings(options);
  const defaults = responsesSettings({ model });

  return createWireModel({ ...identity, url, settings, defaults }, options, async () => {
    const { createResponsesProtocol } = await import("./protocol.ts");
    return createResponsesProtocol(identity, settings, url);
  });
}
