import type { EmbeddingModelV4, EmbeddingModelV4CallOptions } from "@ai-sdk/provider";
import type { EmbeddingModel, EmbeddingPurpose, EmbeddingRequest } from "@tau/agent";
import { isJsonObject } from "@tau/core";
import type { CallContext } from "@tau/core";

import { toApiError } from "./to-api-error.ts";

/** Options of {@link toAiSdkEmbeddings}. */
export interface ToAiSdkEmbeddingsOptions {
  /** Who calls: the AI SDK does not know. Its signal is replaced by the call's own, where it has one. */
  readonly context: (options: EmbeddingModelV4CallOptions) => CallContext;
}

const purposes: readonly EmbeddingPurpose[] = [
  "query",
  "document",
  "similarity",
  "classification",
  "clustering",
];

/**
 * Makes an embedding model of the AI SDK, specification `v4`, out of one of Tau. `providerOptions: { tau: { dimensions,
 * purpose } }` of a call are those of the request. Failures become `APICallError`s, as with `toAiSdk()`.
 */
export function toAiSdkEmbeddings(
  model: EmbeddingModel,
  { context }: ToAiSdkEmbeddingsOptions,
): EmbeddingModelV4 {
  return {
    specificationVersion: "v4",
    provider: model.provider,
    modelId: model.id,
    // The model itself sends as many requests as its provider's limits demand.
    maxEmbeddingsPerCall: Number.POSITIVE_INFINITY,
    supportsParallelCalls: true,
    async doEmbed(options) {
      const own = context(options);
      const { abortSignal } = options;
      const signal = abortSignal === undefined ? own.signal : AbortSignal.any([own.signal, abortSignal]);
      try {
        const { embeddings, usage } = await model.embed(toRequest(options), { ...own, signal });
        const vectors = embeddings.map((vector) => Array.from(vector));
        return { embeddings: vectors, usage: { tokens: usage.inputTokens }, warnings: [] };
      } catch (error) {
        throw toApiError(model, error);
      }
    },
  };
}

function toRequest({ values, providerOptions }: EmbeddingModelV4CallOptions): EmbeddingRequest {
  const own = providerOptions?.["tau"];
  const { dimensions, purpose } = isJsonObject(own) ? own : {};
  const known = purposes.find((one) => one === purpose);
  return {
    inputs: values,
    ...(typeof dimensions === "number" ? { dimensions } : {}),
    ...(known === undefined ? {} : { purpose: known }),
  };
}
