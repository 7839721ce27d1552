import type { JsonObject } from "@tau/core";
import { isJsonObject, noUsage } from "@tau/core";

import { endpointOf } from "../endpoint.ts";
import { countAt } from "../json-fields.ts";
import type { EmbeddingModel, EmbeddingPurpose, EmbeddingRequest } from "./embedding-model.ts";
import type { EmbeddingProtocol, WireEmbeddings } from "./embedding-protocol.ts";
import { toVectors } from "./vector.ts";
import { createWireEmbeddings } from "./wire-embeddings.ts";
import type { WireEmbeddingOptions } from "./wire-embeddings.ts";

/** Options of {@link createGeminiEmbeddings}. */
export interface GeminiEmbeddingOptions extends WireEmbeddingOptions {
  /**
   * With the version, without `/models`. Default Google's Gemini API; for Vertex the address up to
   * `/publishers/google`, with an access token as `apiKey`.
   */
  readonly baseUrl?: string;
  /** The name in errors and costs. Default `gemini`. */
  readonly provider?: string;
  /** Vertex's older embedding models answer only to `predict`. Default `batchEmbedContents`. */
  readonly method?: "batchEmbedContents" | "predict";
}

const taskTypes: Readonly<Record<EmbeddingPurpose, string>> = {
  query: "RETRIEVAL_QUERY",
  document: "RETRIEVAL_DOCUMENT",
  similarity: "SEMANTIC_SIMILARITY",
  classification: "CLASSIFICATION",
  clustering: "CLUSTERING",
};

/**
 * Makes an {@link EmbeddingModel} that speaks Gemini's `batchEmbedContents`, or Vertex's `predict`.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createGeminiEmbeddings(options: GeminiEmbeddingOptions): EmbeddingModel {
  const { baseUrl = "https://generativelanguage.googleapis.com/v1beta", model } = options;
  const method = options.method ?? "batchEmbedContents";
  const url = endpointOf(baseUrl, `/models/${encodeURIComponent(model)}:${method}`);
  const identity = { provider: options.provider ?? "gemini", model };
  return createWireEmbeddings(identity, { ...options, url }, async () =>
    method === "predict" ? predict : batchEmbedContents(model),
  );
}

function batchEmbedContents(model: string): EmbeddingProtocol {
  return {
    maxInputs: 100,
    headersFor: (key) => (key === undefined ? {} : { "x-goog-api-key": key }),
    toBody: ({ inputs, dimensions, purpose }) => ({
      requests: inputs.map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        ...(purpose === undefined ? {} : { taskType: taskTypes[purpose] }),
        ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }),
      })),
    }),
    fromBody(body) {
      const rows = Array.isArray(body["embeddings"]) ? body["embeddings"] : undefined;
      const embeddings = rows && toVectors(rows.map((row) => objectOf(row)["values"]));
      if (embeddings === undefined) return undefined;
      const inputTokens = countAt(objectOf(body["usageMetadata"]), "promptTokenCount");
      return { embeddings, usage: { ...noUsage, inputTokens } };
    },
  };
}

const predict: EmbeddingProtocol = {
  // The newest model of this method takes a single text.
  maxInputs: 1,
  headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  toBody: ({ inputs, dimensions, purpose }: EmbeddingRequest) => ({
    instances: inputs.map((content) => ({
      content,
      ...(purpose === undefined ? {} : { task_type: taskTypes[purpose] }),
    })),
    ...(dimensions === undefined ? {} : { parameters: { outputDimensionality: dimensions } }),
  }),
  fromBody(body): WireEmbeddings | undefined {
    if (!Array.isArray(body["predictions"])) return undefined;
    const rows = body["predictions"].map((row) => objectOf(objectOf(row)["embeddings"]));
    const embeddings = toVectors(rows.map((row) => row["values"]));
    if (embeddings === undefined) return undefined;
    const inputTokens = rows.reduce(
      (all, row) => all + countAt(objectOf(row["statistics"]), "token_count"),
      0,
    );
    return { embeddings, usage: { ...noUsage, inputTokens } };
  },
};

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
