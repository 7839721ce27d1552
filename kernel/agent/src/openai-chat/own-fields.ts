import { isJsonObject } from "@tau/core";
import type { JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data. */
export const chatProtocol = "openai-chat";

/** Wraps fields that a provider wants back; only the provider of this name will see them again. */
export function toProviderData(provider: string, fields: JsonObject): ProviderData {
  return { protocol: chatProtocol, data: { provider, fields } };
}

/** The fields of a part that came from this provider; of anybody else's part none. */
export function ownFields(data: ProviderData | undefined, provider: string): JsonObject {
  if (data?.protocol !== chatProtocol || data.data["provider"] !== provider) return {};
  return isJsonObject(data.data["fields"]) ? data.data["fields"] : {};
}
