import type { JsonObject, Usage } from "@tau/core";

import type { EmbeddingRequest } from "./embedding-model.ts";

/** What one answer says, before anything is checked. */
export interface WireEmbeddings {
  readonly embeddings: readonly Float32Array[];
  readonly usage: Usage;
  /** Absent where the protocol does not name the model. */
  readonly model?: string;
}

/** What differs between the protocols of embedding models. */
export interface EmbeddingProtocol {
  /** Texts that one request may hold. */
  readonly maxInputs: number;
  readonly headersFor: (key: string | undefined) => Readonly<Record<string, string>>;
  readonly toBody: (request: EmbeddingRequest) => JsonObject;
  /** Returns undefined for a body that is not this protocol. */
  readonly fromBody: (body: JsonObject) => WireEmbeddings | undefined;
}
