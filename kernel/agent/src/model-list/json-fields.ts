import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { Known } from "../capabilities.ts";

/** The objects in a field that holds a list; none when it holds something else. */
export function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The texts in a field that holds a list; undefined when it holds something else. */
export function textsIn(value: Json | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** A field's object; an empty one when it holds something else. */
export function objectIn(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** A field's text; undefined when it is empty or something else. */
export function textIn(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

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
