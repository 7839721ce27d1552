import { TauError } from "@tau/core";

import type { ApiKey } from "../api-key.ts";
import { endpointOf } from "../endpoint.ts";
import type { Model } from "../model.ts";
import type { WireModelOptions } from "../wire-model.ts";
import { createGeminiModel, modelPath } from "./gemini-model.ts";
import type { GeminiSettings } from "./settings.ts";

/** Options of {@link createVertexGemini}. */
export interface VertexGeminiOptions extends WireModelOptions, GeminiSettings {
  /** Needed with an access token; an API key brings its own. */
  readonly project?: string;
  /** A region such as `europe-west4`, `us` or `eu`, or `global`, the default. */
  readonly location?: string;
  /** An OAuth token, or how to get a fresh one at each call. Not beside `apiKey`, the key of express mode. */
  readonly accessToken?: ApiKey;
  /** With the version, without `/projects`. Default Google's address for the location. */
  readonly baseUrl?: string;
  /** The name in errors and costs, and of whose signatures go back there. Default `vertex`. */
  readonly provider?: string;
}

/**
 * Makes a {@link Model} that speaks Gemini's protocol at Google Cloud (Vertex AI). See `createGemini()`; a model of
 * somebody else's or a deployed one is named by its path, such as `publishers/google/models/…` or `endpoints/123`.
 *
 * @throws TauError `model.invalid_request` when the address is none, or the options do not say who asks and where
 */
export function createVertexGemini(options: VertexGeminiOptions): Model {
  const { apiKey, accessToken, model, provider = "vertex", location = "global" } = options;
  if (apiKey !== undefined && accessToken !== undefined) {
    throw invalid("apiKey and accessToken are both given. Leave one of them out");
  }
  if (options.project === undefined && apiKey === undefined) {
    throw invalid(
      'project is missing. Name the Google Cloud project, or use an apiKey of the "express" kind',
    );
  }
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(location))
    throw invalid('location is not a region such as "europe-west4"');
  const path = pathOf(model, options.project, location);
  const address = endpointOf(options.baseUrl ?? `https://${hostOf(location)}/v1beta1`, `/${path}`);
  return createGeminiModel({ provider, model }, address, {
    ...options,
    ...(accessToken === undefined ? {} : { apiKey: accessToken }),
    headersFor: (key): Readonly<Record<string, string>> => {
      if (key === undefined) return {};
      return accessToken === undefined ? { "x-goog-api-key": key } : { authorization: `Bearer ${key}` };
    },
  });
}

/** Google's hosts: one for the whole world, one per continent and one per region. */
function hostOf(location: string): string {
  if (location === "global") return "aiplatform.googleapis.com";
  if (location === "us" || location === "eu") return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}

function pathOf(model: string, project: string | undefined, location: string): string {
  if (model.startsWith("projects/")) return modelPath(model);
  const full = /^(?:publishers|endpoints|models)\//.test(model) ? model : `publishers/google/models/${model}`;
  const place = project === undefined ? "" : `projects/${project}/locations/${location}/`;
  return modelPath(place + full);
}

function invalid(problem: string): TauError {
  return new TauError("model.invalid_request", `createVertexGemini(): ${problem}.`);
}
