import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** The string at a place, or an empty one. */
export function textAt(value: JsonObject, name: string): string {
  const text = value[name];
  return typeof text === "string" ? text : "";
}

/** The object at a place, or an empty one. */
export function objectAt(value: JsonObject, name: string): JsonObject {
  return objectIn(value[name]);
}

/** The list at a place, or an empty one. */
export function listAt(value: JsonObject, name: string): readonly Json[] {
  const list = value[name];
  return Array.isArray(list) ? list : [];
}

/** The objects of the list at a place. */
export function objectsAt(value: JsonObject, name: string): readonly JsonObject[] {
  return objectsIn(value[name]);
}

/** No answer has more tokens; sums of very many of them stay whole numbers. */
const mostTokens = 1e12;

/** A number of tokens: whole and not negative, 0 for anything that is no number. */
export function tokensIn(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.min(Math.round(value), mostTokens) : 0;
}

/** The number of tokens at a place. */
export function countAt(value: JsonObject, name: string): number {
  return tokensIn(value[name]);
}

/** A copy without some fields. */
export function without(value: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

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
