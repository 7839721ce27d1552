/** How a server that speaks OpenAI's `/embeddings` differs from OpenAI's own. Data, not code. */
export interface OpenAiEmbeddingDialect {
  /**
   * `base64` is half as long. Only where it is known to mean 32-bit floats: vLLM has answered with
   * 64-bit ones, which look the same.
   */
  readonly encoding: "base64" | "float" | "none";
  /** The field for the length of vectors; absent where a request cannot choose it. */
  readonly dimensionsField?: string;
  /** The field that takes `query` or `document`. */
  readonly purposeField?: string;
  readonly keyHeader: "authorization" | "api-key";
  /** Texts that one request may hold. */
  readonly maxInputs: number;
}

/** OpenAI itself. */
const openAiEmbeddingDialect: OpenAiEmbeddingDialect = {
  encoding: "base64",
  dimensionsField: "dimensions",
  keyHeader: "authorization",
  maxInputs: 2048,
};

/** vLLM, llama.cpp, LM Studio, Together and most others. */
const compatibleEmbeddingDialect: OpenAiEmbeddingDialect = {
  ...openAiEmbeddingDialect,
  encoding: "float",
  maxInputs: 512,
};

const mistral: OpenAiEmbeddingDialect = {
  encoding: "none",
  dimensionsField: "output_dimension",
  keyHeader: "authorization",
  maxInputs: 128,
};

const voyage: OpenAiEmbeddingDialect = {
  encoding: "base64",
  dimensionsField: "output_dimension",
  purposeField: "input_type",
  keyHeader: "authorization",
  maxInputs: 1000,
};

const byHost: Readonly<Record<string, OpenAiEmbeddingDialect>> = {
  "api.openai.com": openAiEmbeddingDialect,
  "api.mistral.ai": mistral,
  "api.voyageai.com": voyage,
};

/** The dialect of a known host; any other host is taken as compatible. */
export function embeddingDialectFor(url: URL): OpenAiEmbeddingDialect {
  if (url.hostname.endsWith(".openai.azure.com")) return { ...openAiEmbeddingDialect, keyHeader: "api-key" };
  return byHost[url.hostname] ?? compatibleEmbeddingDialect;
}
