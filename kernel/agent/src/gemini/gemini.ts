import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import { createGeminiModel, modelPath } from "./gemini-model.ts";
import type { GeminiSettings } from "./settings.ts";

/** Options of {@link createGemini}. */
export interface GeminiOptions extends WireModelOptions, GeminiSettings {
  /** With the version, without `/models`: `http://localhost:8080/v1beta`. Default Google's Gemini API. */
  readonly baseUrl?: string;
  /** The name in errors and costs, and of whose signatures go back there. Default `gemini`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks Gemini's `streamGenerateContent` and `generateContent` at the Gemini API.
 *
 * Everything that the model says goes back to it part by part as it came, signatures among it. Schemas go as JSON
 * Schema; `schemas: "openapi"` converts them for older models. Tools that run at Google are `providerTools` such as
 * `{ protocol: "gemini", data: { googleSearch: {} } }`; `providerOptions.gemini` adds any field of the body, and
 * its `generationConfig` and `toolConfig` are merged with the adapter's field by field.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createGemini(options: GeminiOptions): Model {
  const { baseUrl = "https://generativelanguage.googleapis.com/v1beta", model } = options;
  const path = /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`;
  const identity = { provider: options.provider ?? "gemini", model };
  return createGeminiModel(identity, endpointOf(baseUrl, `/${modelPath(path)}`), {
    ...options,
    headersFor: (key) => (key === undefined ? {} : { "x-goog-api-key": key }),
  });
}
