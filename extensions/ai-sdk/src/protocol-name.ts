import { isJsonObject } from "@tau/core";
import type { JsonObject, ProviderData } from "@tau/core";

/** The protocol of what an AI SDK model wants back with a part. */
export const protocol = "ai-sdk";

/** Metadata of a part as provider data; nothing for none. */
export function toProviderData(metadata: unknown): { readonly providerData?: ProviderData } {
  return isJsonObject(metadata) && Object.keys(metadata).length > 0
    ? { providerData: { protocol, data: metadata } }
    : {};
}

/** Provider data of this protocol as the options that carry it back; nothing for other protocols'. */
export function toProviderOptions(data: ProviderData | undefined): {
  readonly providerOptions?: Record<string, JsonObject>;
} {
  if (data?.protocol !== protocol) return {};
  const providerOptions: Record<string, JsonObject> = {};
  for (const [name, value] of Object.entries(data.data))
    if (isJsonObject(value)) providerOptions[name] = value;
  return { providerOptions };
}
