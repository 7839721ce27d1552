import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import { dialectFor } from "./dialect.ts";
import type { OpenAiChatDialect } from "./dialect.ts";

/** Options of {@link createOpenAiChat}. */
export interface OpenAiChatOptions extends WireModelOptions {
  /** With the version, without the path: `http://localhost:8080/v1`. Default OpenAI's. */
  readonly baseUrl?: string;
  /** How the server differs; found by the host when absent. Fields given here win. */
  readonly dialect?: Partial<OpenAiChatDialect>;
  /** The name in errors and costs. Default `openai`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks OpenAI Chat Completions, OpenAI's own or any compatible server's.
 * The key goes out as a bearer token; local servers need none.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOpenAiChat(options: OpenAiChatOptions): Model {
  const url = endpointOf(options.baseUrl ?? "https://api.openai.com/v1", "/chat/completions");
  const dialect: OpenAiChatDialect = { ...dialectFor(url), ...options.dialect };
  const identity = { provider: options.provider ?? "openai", model: options.model };

  return createWireModel(identity, options, async () => {
    const { createOpenAiChatProtocol } = await import("./protocol.ts");
    return createOpenAiChatProtocol(identity, dialect, url);
  });
}
