import type { Model } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { WireProtocol } from "../wire-protocol.ts";
import type { GeminiBodyOptions } from "./request-body.ts";
import { geminiSettings } from "./settings.ts";
import type { GeminiSettings } from "./settings.ts";

/** Makes a model that speaks Gemini's protocol at `address`, the model's own without the method. */
export function createGeminiModel(
  identity: ModelIdentity,
  address: URL,
  options: WireModelOptions & GeminiSettings & { readonly headersFor: WireProtocol["headersFor"] },
): Model {
  const url = methodAt(address, "streamGenerateContent");
  url.searchParams.set("alt", "sse");
  const settings = bodySettings(options);
  const defaults = bodySettings({ model: options.model });
  return createWireModel({ ...identity, url, settings, defaults }, options, async () => {
    const { createGeminiProtocol } = await import("./protocol.ts");
    const addresses = { url, wholeUrl: methodAt(address, "generateContent"), headersFor: options.headersFor };
    return createGeminiProtocol({ identity, ...settings }, addresses);
  });
}

/** What changes its answers. */
function bodySettings(options: WireModelOptions & GeminiSettings): Omit<GeminiBodyOptions, "identity"> {
  const { capabilities } = options;
  return {
    settings: geminiSettings(options),
    thoughtless: capabilities?.reasoning === "no",
    paints: capabilities?.output.image === "yes",
  };
}

function methodAt(address: URL, method: string): URL {
  const url = new URL(address);
  url.pathname += `:${method}`;
  return url;
}

/** A model's id in an address: its slashes stay, nothing else leads anywhere. */
export function modelPath(id: string): string {
  return id.split("/").map(encodeURIComponent).join("/");
}
