import type { JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data. */
export const ollamaProtocol = "ollama";

/** Marks a part as one that Ollama gave; what it holds goes back to it. */
export function toPartData(data: JsonObject = {}): ProviderData {
  return { protocol: ollamaProtocol, data };
}
