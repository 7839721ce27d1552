import { isJsonObject } from "@tau/core";
import type { JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data. */
export const responsesProtocol = "openai-responses";

/**
 * What goes back to the provider with a part: the item it was in, without what the part itself holds, and for
 * text the rest of its content part.
 */
export interface ItemData {
  readonly item: JsonObject;
  readonly content?: JsonObject;
}

/** Wraps an item; `provider` is the only one that may see it again, because nobody else can decrypt it. */
export function toProviderData(provider: string, { item, content }: ItemData): ProviderData {
  return {
    protocol: responsesProtocol,
    data: { provider, item, ...(content === undefined ? {} : { content }) },
  };
}

/** The item of a part that came from this provider; of anybody else's part nothing. */
export function ownItem(data: ProviderData | undefined, provider: string): ItemData | undefined {
  if (data?.protocol !== responsesProtocol || data.data["provider"] !== provider) return undefined;
  const { item, content } = data.data;
  if (!isJsonObject(item)) return undefined;
  return { item, ...(isJsonObject(content) ? { content } : {}) };
}
