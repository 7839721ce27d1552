import { noUsage } from "@tau/core";

import { endpointOf } from "../endpoint.ts";
import { tokensIn } from "../json-fields.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import type { EmbeddingProtocol } from "./embedding-protocol.ts";
import { toVectors } from "./vector.ts";
import { createWireEmbeddings } from "./wire-embeddings.ts";
import type { WireEmbeddingOptions } from "./wire-embeddings.ts";

/** Options of {@link createOllamaEmbeddings}. */
export interface OllamaEmbeddingOptions extends WireEmbeddingOptions {
  /** Without `/api`. Default `http://localhost:11434`. */
  readonly baseUrl?: string;
  /** How long the model stays in memory afterwards, for example `10m`. */
  readonly keepAlive?: string;
}

/**
 * Makes an {@link EmbeddingModel} that speaks Ollama's `/api/embed`. A text that is longer than the model
 * can read is refused, not cut.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOllamaEmbeddings(options: OllamaEmbeddingOptions): EmbeddingModel {
  const url = endpointOf(options.baseUrl ?? "http://localhost:11434", "/api/embed");
  const identity = { provider: "ollama", model: options.model };
  return createWireEmbeddings(identity, { ...options, url }, async () => protocolOf(options));
}

function protocolOf({ model, keepAlive }: OllamaEmbeddingOptions): EmbeddingProtocol {
  return {
    maxInputs: 512,
    headersFor: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
    toBody: ({ inputs, dimensions }) => ({
      model,
      input: inputs,
      truncate: false,
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(keepAlive === undefined ? {} : { keep_alive: keepAlive }),
    }),
    fromBody({ embeddings: rows, model: named, prompt_eval_count: tokens }) {
      const embeddings = Array.isArray(rows) ? toVectors(rows) : undefined;
      if (embeddings === undefined) return undefined;
      return {
        embeddings,
        usage: { ...noUsage, inputTokens: tokensIn(tokens) },
        ...(typeof named === "string" ? { model: named } : {}),
      };
    },
  };
}
