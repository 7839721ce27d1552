import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, ProviderData } from "@tau/core";

/** The name of the protocol in provider data. */
export const anthropicProtocol = "anthropic";

/** Wraps what goes back to the provider with a part. */
export function toProviderData(data: JsonObject): ProviderData {
  return { protocol: anthropicProtocol, data };
}

/** What this protocol left with a part; of another protocol's part nothing. */
export function ownData(data: ProviderData | undefined): JsonObject | undefined {
  return data?.protocol === anthropicProtocol ? data.data : undefined;
}

/** The string, or an empty one. */
export function stringOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The object, or an empty one. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The list, or an empty one. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
