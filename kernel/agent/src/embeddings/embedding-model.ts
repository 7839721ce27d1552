import type { CallContext, Price, Usage } from "@tau/core";

/** What the vectors are for; providers that make no difference ignore it. */
export type EmbeddingPurpose = "query" | "document" | "similarity" | "classification" | "clustering";

/** Texts to turn into vectors. */
export interface EmbeddingRequest {
  /** In any number: an adapter sends as many requests as the provider's limits demand. */
  readonly inputs: readonly string[];
  /** Length of each vector; the model's own when absent. */
  readonly dimensions?: number;
  readonly purpose?: EmbeddingPurpose;
}

/** One vector for each input, in the order of the inputs. */
export interface EmbeddingAnswer {
  readonly embeddings: readonly Float32Array[];
  /** Summed over all requests; zero where the provider does not tell. */
  readonly usage: Usage;
  /** The model that really answered, as the provider names it. */
  readonly model: string;
}

/**
 * One provider's embedding model.
 *
 * Contract, checked by `describeEmbeddingModel()` from `@tau/agent/testing`:
 * - One vector for each input, in order, all of the same length: that of `dimensions` when it is given.
 * - All or nothing: a request that fails in part throws. It never retries.
 * - Aborting `context.signal` closes the sockets and throws `signal.reason`.
 */
export interface EmbeddingModel {
  /** The provider's name, for example `openai`. */
  readonly provider: string;
  /** The model's id at the provider. */
  readonly id: string;
  /** Absent when unknown. */
  readonly price?: Price;
  embed(request: EmbeddingRequest, context: CallContext): Promise<EmbeddingAnswer>;
}
