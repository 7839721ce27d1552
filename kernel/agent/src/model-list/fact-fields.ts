import type { Json } from "@tau/core";

import type { Known } from "../capabilities.ts";

/** The first of these that is a number of tokens: providers write 0 or null where they do not know. */
export function tokensIn(...values: readonly (Json | undefined)[]): number | undefined {
  return values.find(
    (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value > 0,
  );
}

/** What a flag says; a flag that is not there says nothing. */
export function knownBy(value: Json | undefined): Known {
  if (typeof value !== "boolean") return "unknown";
  return value ? "yes" : "no";
}

/** Whether a list has a word; a list that is not there says nothing. */
export function knownIn(list: readonly string[] | undefined, ...words: readonly string[]): Known {
  if (list === undefined) return "unknown";
  return words.some((word) => list.includes(word)) ? "yes" : "no";
}
