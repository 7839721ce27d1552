import type { Model } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { createWireModel } from "../wire-model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import type { WireProtocol } from "../wire-protocol.ts";
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
  return createWireModel({ ...identity, url }, options, async () => {
    const { createGeminiProtocol } = await import("./protocol.ts");
    const { capabilities, headersFor } = options;
    const body = {
      identity,
      settings: geminiSettings(options),
      thoughtless: capabilities?.reasoning === "no",
      paints: capabilities?.output.image === "yes",
    };
    return createGeminiProtocol(body, { url, wholeUrl: methodAt(address, "generateContent"), headersFor });
  });
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
