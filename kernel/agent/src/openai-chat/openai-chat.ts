import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { dialectOf, findProvider, providerAt } from "./providers.ts";
import type { OpenAiChatProvider } from "./providers.ts";

/** Options of {@link createOpenAiChat}. */
export interface OpenAiChatOptions extends WireModelOptions {
  /** With the version, without the path: `http://localhost:8080/v1`. Default the provider's. */
  readonly baseUrl?: string;
  /**
   * Who answers: a known provider, for example `groq` or `deepseek`, a record of one, or any other name, which
   * then only names it in errors and costs. Default `openai`.
   */
  readonly provider?: string | OpenAiChatProvider;
  /** How the server differs; by the provider or else the host when absent. Fields given here win. */
  readonly dialect?: Partial<OpenAiChatDialect>;
}

/**
 * Makes a {@link Model} that speaks OpenAI Chat Completions, OpenAI's own or any compatible server's.
 * The key goes out as a bearer token; local servers need none.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address, or is missing for a provider
 *   that has none of its own
 */
export function createOpenAiChat(options: OpenAiChatOptions): Model {
  const { provider = "openai" } = options;
  const named = typeof provider === "string" ? findProvider(provider) : provider;
  const url = endpointOf(options.baseUrl ?? named?.baseUrl ?? "", named?.path ?? "/chat/completions");
  // Without a name the address tells whose server it is; it may be anybody's.
  const known = options.provider === undefined ? providerAt(url) : (named ?? providerAt(url));
  const dialect: OpenAiChatDialect = { ...dialectOf(known), ...options.dialect };
  const identity = { provider: typeof provider === "string" ? provider : provider.id, model: options.model };

  const own = typeof provider === "string" ? undefined : provider.dialect;
  const settings =
    own === undefined && options.dialect === undefined ? {} : { dialect: { ...own, ...options.dialect } };

  return createWireModel({ ...identity, url, settings }, options, async () => {
    const { createOpenAiChatProtocol } = await import("./protocol.ts");
    return createOpenAiChatProtocol(identity, dialect, url);
  });
}
