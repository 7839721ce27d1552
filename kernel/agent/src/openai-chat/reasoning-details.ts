import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** Fields whose pieces follow each other in a stream. */
const pieces = ["text", "summary"] as const;

/**
 * The `reasoning_details` of an answer: what OpenRouter and others want back unchanged. A stream sends texts
 * in pieces that name their place, the signature with the last one.
 */
export class ReasoningDetails {
  readonly #details: JsonObject[] = [];

  /** Takes a list as it stands in an answer, or what a stream adds to it, and answers the thoughts in it. */
  add(list: readonly Json[], isWhole: boolean): string {
    let thoughts = "";
    for (const detail of list) {
      if (!isJsonObject(detail)) continue;
      for (const field of pieces) if (typeof detail[field] === "string") thoughts += detail[field];
      const place = isWhole ? -1 : this.#details.findLastIndex((known) => continues(known, detail));
      const known = this.#details[place];
      if (known === undefined) this.#details.push(detail);
      else this.#details[place] = merge(known, detail);
    }
    return thoughts;
  }

  toList(): readonly JsonObject[] {
    return this.#details;
  }
}

function continues(known: JsonObject, detail: JsonObject): boolean {
  const { type, index } = detail;
  return type !== "reasoning.encrypted" && known["type"] === type && known["index"] === index;
}

function merge(known: JsonObject, detail: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...known };
  for (const [name, value] of Object.entries(detail)) {
    const before = known[name];
    const isPiece = pieces.some((field) => field === name);
    if (isPiece && typeof before === "string" && typeof value === "string") merged[name] = before + value;
    else if (value !== null && value !== "") merged[name] = value;
  }
  return merged;
}
