import { isJsonObject, noUsage } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { endpointOf } from "../endpoint.ts";
import { countAt } from "../json-fields.ts";
import type { EmbeddingModel, EmbeddingPurpose } from "./embedding-model.ts";
import type { EmbeddingProtocol } from "./embedding-protocol.ts";
import { toVectors } from "./vector.ts";
import { createWireEmbeddings } from "./wire-embeddings.ts";
import type { WireEmbeddingOptions } from "./wire-embeddings.ts";

/** Options of {@link createCohereEmbeddings}. */
export interface CohereEmbeddingOptions extends WireEmbeddingOptions {
  /** With the version. Default `https://api.cohere.com/v2`. */
  readonly baseUrl?: string;
}

/** The protocol demands a purpose; vectors to compare with each other are documents to it. */
const inputTypes: Readonly<Record<EmbeddingPurpose, string>> = {
  query: "search_query",
  document: "search_document",
  similarity: "search_document",
  classification: "classification",
  clustering: "clustering",
};

/**
 * Makes an {@link EmbeddingModel} that speaks Cohere's `/embed`, version 2. A text that is longer than the
 * model can read is refused, not cut.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createCohereEmbeddings(options: CohereEmbeddingOptions): EmbeddingModel {
  const url = endpointOf(options.baseUrl ?? "https://api.cohere.com/v2", "/embed");
  const identity = { provider: "cohere", model: options.model };
  return createWireEmbeddings(identity, { ...options, url }, async () => protocolOf(options.model));
}

function protocolOf(model: string): EmbeddingProtocol {
  return {
    maxInputs: 96,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    toBody: ({ inputs, dimensions, purpose = "document" }) => ({
      model,
      texts: inputs,
      input_type: inputTypes[purpose],
      embedding_types: ["float"],
      truncate: "NONE",
      ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
    }),
    fromBody(body) {
      const rows = objectOf(body["embeddings"])["float"];
      const embeddings = Array.isArray(rows) ? toVectors(rows) : undefined;
      if (embeddings === undefined) return undefined;
      const billed = objectOf(objectOf(body["meta"])["billed_units"]);
      return { embeddings, usage: { ...noUsage, inputTokens: countAt(billed, "input_tokens") } };
    },
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
