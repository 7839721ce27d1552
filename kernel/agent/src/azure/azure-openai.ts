import { TauError } from "@tau/core";

import type { ApiKey } from "../api-key.ts";
import type { Model } from "../model.ts";
import { openAiDialect } from "../openai-chat/dialect.ts";
import type { OpenAiChatDialect } from "../openai-chat/dialect.ts";
import { responsesSettings } from "../openai-responses/settings.ts";
import type { ResponsesSettings } from "../openai-responses/settings.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import { azureUrl } from "./azure-endpoint.ts";
import type { AzurePlace } from "./azure-endpoint.ts";
import { rememberToken } from "./entra-token.ts";
import type { EntraTokenSource } from "./entra-token.ts";

/** Options of {@link createAzureOpenAi}. */
export interface AzureOpenAiOptions
  extends Omit<WireModelOptions, "model" | "apiKey">, AzurePlace, ResponsesSettings {
  /** The key of the resource. Either this or `entraToken`. */
  readonly apiKey?: ApiKey;
  /** Gets a token of Entra ID. */
  readonly entraToken?: EntraTokenSource;
  /** The protocol. Default `chat`. */
  readonly api?: "chat" | "responses";
  /** The model behind the deployment, if its name does not say it: tells whether thinking can be encrypted. */
  readonly model?: string;
  /** How the deployment differs in Chat Completions from OpenAI's own. */
  readonly dialect?: Partial<OpenAiChatDialect>;
  /** The name in errors and costs. Default `azure`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} of a deployment in Azure OpenAI or AI Foundry, which speaks OpenAI's protocols at
 * addresses of its own.
 *
 * What a content filter stops fails with `model.content_filtered`; `details.filters` names the categories.
 *
 * @throws TauError `model.invalid_request` when the place is not one, or with both a key and a token
 */
export function createAzureOpenAi(options: AzureOpenAiOptions): Model {
  const { apiKey, entraToken, deployment, api = "chat", provider = "azure", ...rest } = options;
  if (apiKey !== undefined && entraToken !== undefined) {
    throw new TauError(
      "model.invalid_request",
      "createAzureOpenAi(): takes an apiKey or an entraToken, and not both.",
    );
  }
  const url = azureUrl(options, api);
  const identity = { provider, model: deployment };
  const secret = entraToken === undefined ? apiKey : rememberToken(entraToken);

  const { apiVersion, dialect, model = deployment } = options;
  const own = responsesSettings({ ...options, model });
  const settings = { apiVersion, ...(api === "chat" ? { dialect } : own) };
  const defaults = responsesSettings({ model: deployment });

  return createWireModel(
    { ...identity, url, settings, defaults },
    { ...rest, model: deployment, ...(secret === undefined ? {} : { apiKey: secret }) },
    async (): Promise<WireProtocol> => {
      const protocol =
        api === "chat"
          ? (await import("../openai-chat/protocol.ts")).createOpenAiChatProtocol(
              identity,
              { ...openAiDialect, ...dialect },
              url,
            )
          : (await import("../openai-responses/protocol.ts")).createResponsesProtocol(identity, own, url);
      return entraToken === undefined ? { ...protocol, headersFor: keyHeader } : protocol;
    },
  );
}

function keyHeader(key: string | undefined): Readonly<Record<string, string>> {
  return key === undefined ? {} : { "api-key": key };
}
