import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { numberGap, wordGap } from "../sse/delta-gap.ts";
import type { DeltaGap } from "../sse/delta-gap.ts";

/** What differs from answer to answer. */
export const answerGaps: readonly [DeltaGap, DeltaGap] = [
  wordGap(["id"], (chunk) => [chunk["id"]]),
  numberGap(["created"], (chunk) => [chunk["created"]]),
];

/** Fields of a delta that say nothing about the text. */
export const silentFields: ReadonlySet<string> = new Set(["content", "role", "channel"]);

/** Tells whether a choice is the one that counts. */
export function isFirst(choice: Json): choice is JsonObject {
  return isJsonObject(choice) && (choice["index"] ?? 0) === 0;
}

/** Tells whether no other field says anything. */
export function hasOnly(value: JsonObject, fields: ReadonlySet<string>): boolean {
  for (const field in value) if (!fields.has(field) && isSet(value[field])) return false;
  return true;
}

/** Tells whether a field says something. */
export function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** A list, or none. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
