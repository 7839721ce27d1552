import { isJsonObject } from "@tau/core";
import type { JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data. */
export const geminiProtocol = "gemini";

/**
 * Wraps what goes back to the provider with a part: the part as it came, without what Tau's own part holds.
 * `provider` is the only one that may see it again: nobody else can read its signatures.
 */
export function toPartData(provider: string, part: JsonObject): ProviderData {
  return { protocol: geminiProtocol, data: { provider, part } };
}

/** The wire part of a part that came from this provider; of anybody else's part nothing. */
export function ownPart(data: ProviderData | undefined, provider: string): JsonObject | undefined {
  if (data?.protocol !== geminiProtocol || data.data["provider"] !== provider) return undefined;
  const { part } = data.data;
  return isJsonObject(part) ? part : undefined;
}
