import { endpointOf } from "../endpoint.ts";
import type { EmbeddingModel } from "./embedding-model.ts";
import { embeddingDialectFor } from "./openai-embedding-dialect.ts";
import type { OpenAiEmbeddingDialect } from "./openai-embedding-dialect.ts";
import { createWireEmbeddings } from "./wire-embeddings.ts";
import type { WireEmbeddingOptions } from "./wire-embeddings.ts";

/** Options of {@link createOpenAiEmbeddings}. */
export interface OpenAiEmbeddingOptions extends WireEmbeddingOptions {
  /** With the version, without the path: `http://localhost:8000/v1`. Default OpenAI's. */
  readonly baseUrl?: string;
  /** How the server differs; found by the host when absent. Fields given here win. */
  readonly dialect?: Partial<OpenAiEmbeddingDialect>;
  /** The name in errors and costs. Default `openai`. */
  readonly provider?: string;
}

/**
 * Makes an {@link EmbeddingModel} that speaks OpenAI's `/embeddings`: OpenAI, Azure, Mistral, Voyage, vLLM,
 * llama.cpp, LM Studio, Together and whoever imitates them.
 *
 * @throws TauError `model.invalid_request` when the base URL is not an address
 */
export function createOpenAiEmbeddings(options: OpenAiEmbeddingOptions): EmbeddingModel {
  const url = endpointOf(options.baseUrl ?? "https://api.openai.com/v1", "/embeddings");
  const dialect: OpenAiEmbeddingDialect = { ...embeddingDialectFor(url), ...options.dialect };
  const identity = { provider: options.provider ?? "openai", model: options.model };
  return createWireEmbeddings(identity, { ...options, url }, async () => {
    const { createOpenAiEmbeddingProtocol } = await import("./openai-embedding-protocol.ts");
    return createOpenAiEmbeddingProtocol(options.model, dialect);
  });
}
