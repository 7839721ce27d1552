import { isJsonObject, noUsage } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { tokensIn } from "../json-fields.ts";
import type { EmbeddingProtocol, WireEmbeddings } from "./embedding-protocol.ts";
import type { OpenAiEmbeddingDialect } from "./openai-embedding-dialect.ts";
import { toVectors } from "./vector.ts";

/** OpenAI's `/embeddings` in one dialect. */
export function createOpenAiEmbeddingProtocol(
  model: string,
  dialect: OpenAiEmbeddingDialect,
): EmbeddingProtocol {
  const { encoding, dimensionsField, purposeField, keyHeader } = dialect;
  return {
    maxInputs: dialect.maxInputs,
    headersFor: (key) => {
      if (key === undefined) return {};
      return keyHeader === "api-key" ? { "api-key": key } : { authorization: `Bearer ${key}` };
    },
    toBody: ({ inputs, dimensions, purpose }) => ({
      model,
      input: inputs,
      ...(encoding === "none" ? {} : { encoding_format: encoding }),
      ...(dimensionsField === undefined || dimensions === undefined ? {} : { [dimensionsField]: dimensions }),
      ...(purposeField === undefined || !isRetrieval(purpose) ? {} : { [purposeField]: purpose }),
    }),
    fromBody: (body) => fromBody(body, encoding === "base64"),
  };
}

function isRetrieval(purpose: string | undefined): purpose is "query" | "document" {
  return purpose === "query" || purpose === "document";
}

function fromBody(body: JsonObject, isBase64: boolean): WireEmbeddings | undefined {
  const { data, model, usage } = body;
  if (!Array.isArray(data)) return undefined;
  const rows = data.filter(isJsonObject).toSorted((a, b) => indexOf(a) - indexOf(b));
  const embeddings = toVectors(rows.map((row) => row["embedding"]));
  if (embeddings === undefined || rows.length !== data.length || !isInOrder(rows)) return undefined;
  // A string that nobody asked for may be floats of any size.
  if (!isBase64 && rows.some((row) => typeof row["embedding"] === "string")) return undefined;
  return {
    embeddings,
    usage: { ...noUsage, inputTokens: tokensOf(usage) },
    ...(typeof model === "string" ? { model } : {}),
  };
}

/**
 * Two vectors for one input, or none for another, would be taken for each other's without a word. Servers that number
 * none, or all with 0, keep the order.
 */
function isInOrder(rows: readonly JsonObject[]): boolean {
  return rows.every((row) => indexOf(row) === 0) || rows.every((row, place) => indexOf(row) === place);
}

function indexOf(row: JsonObject): number {
  return typeof row["index"] === "number" ? row["index"] : 0;
}

/** Voyage counts only a total. */
function tokensOf(usage: Json | undefined): number {
  if (!isJsonObject(usage)) return 0;
  return tokensIn(usage["prompt_tokens"] ?? usage["total_tokens"]);
}
