import type { JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data and in `providerOptions`. */
export const converseProtocol = "bedrock-converse";

/** Wraps what goes back to the provider with a part. */
export function toProviderData(data: JsonObject): ProviderData {
  return { protocol: converseProtocol, data };
}

/** What this protocol left with a part; of another protocol's part nothing. */
export function ownData(data: ProviderData | undefined): JsonObject | undefined {
  return data?.protocol === converseProtocol ? data.data : undefined;
}
