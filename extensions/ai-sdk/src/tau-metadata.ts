import type { JSONObject } from "@ai-sdk/provider";
import { isJsonObject } from "@tau/core";
import type { AssistantPart, ProviderData } from "@tau/core";

/** Under which name a part's own fields travel through the AI SDK, which hands metadata back as options. */
const metadataKey = "tau";

/** What a part has beside its text and must have again when it comes back. */
export interface OwnFields {
  readonly signature?: string;
  readonly redacted?: string;
  readonly providerData?: ProviderData;
}

/** A part's own fields as metadata of the AI SDK; nothing for a part that has none. */
export function metadataOf(part: AssistantPart): { readonly providerMetadata?: Record<string, JSONObject> } {
  const { signature, redacted, providerData }: OwnFields = "source" in part ? {} : part;
  if (signature === undefined && redacted === undefined && providerData === undefined) return {};
  const own: JSONObject = JSON.parse(JSON.stringify({ signature, redacted, providerData }));
  return { providerMetadata: { [metadataKey]: own } };
}

/** The fields that {@link metadataOf} wrote, out of the options of a part that comes back. */
export function ownFields(options: unknown): OwnFields {
  const own = isJsonObject(options) ? options[metadataKey] : undefined;
  if (!isJsonObject(own)) return {};
  const { signature, redacted, providerData } = own;
  return {
    ...(typeof signature === "string" ? { signature } : {}),
    ...(typeof redacted === "string" ? { redacted } : {}),
    ...(isProviderData(providerData) ? { providerData } : {}),
  };
}

function isProviderData(value: unknown): value is ProviderData {
  return isJsonObject(value) && typeof value["protocol"] === "string" && isJsonObject(value["data"]);
}
