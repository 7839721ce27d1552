import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";

import { openAiGaps } from "../sse/delta-gap.ts";
import { QuietEvents } from "../sse/quiet-events.ts";
import { answerGaps, hasOnly, isFirst, isSet, listOf, silentFields } from "./chunk-fields.ts";
import { isFailure } from "./finish-reason.ts";

/** What a chunk tells besides its id that adds nothing to the answer. */
export interface ChunkNews {
  readonly model: string;
  readonly finishReason: string;
}

/** The first chunk of an answer and the last one of its choice, as a model writes them. */
export function createQuietChunks(): QuietEvents<ChunkNews> {
  const [id, created] = answerGaps;
  return new QuietEvents({ newsOf: newsOfChunk, id, others: [created, ...openAiGaps] });
}

/** Fields of a chunk and of a choice that say nothing about the answer, or are told. */
const headFields = new Set([
  "id",
  "object",
  "created",
  "model",
  "choices",
  "system_fingerprint",
  "service_tier",
  "obfuscation",
  "p",
]);
const choiceFields = new Set(["index", "delta", "finish_reason"]);

/** Undefined for a chunk that may do more than to tell. */
function newsOfChunk(chunk: Json): ChunkNews | undefined {
  if (!isJsonObject(chunk) || chunk["object"] === "error" || !hasOnly(chunk, headFields)) return undefined;
  const { model = "", choices } = chunk;
  const [choice, ...others] = listOf(choices);
  if (choice === undefined || others.length > 0 || !isFirst(choice)) return undefined;
  if (!hasOnly(choice, choiceFields)) return undefined;
  const { delta = {}, finish_reason: reason } = choice;
  if (!isJsonObject(delta) || !hasOnly(delta, silentFields) || isSet(delta["content"])) return undefined;
  const finishReason = reason ?? "";
  if (typeof model !== "string" || typeof finishReason !== "string" || isFailure(finishReason)) {
    return undefined;
  }
  return { model, finishReason };
}
