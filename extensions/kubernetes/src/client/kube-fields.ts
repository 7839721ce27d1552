import type { Json, JsonObject } from "@tau/core";
import { isJsonObject } from "@tau/core";

/** The value at `path`; undefined where there is none. What a cluster sends may be anything. */
export function fieldOf(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let current = value;
  for (const name of path) {
    if (!isJsonObject(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

/** The text at `path`; empty where there is none. */
export function textOf(value: Json | undefined, ...path: readonly string[]): string {
  const found = fieldOf(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The number at `path`. */
export function numberOf(value: Json | undefined, ...path: readonly string[]): number | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The objects of the list at `path`; none where there is none. */
export function objectsOf(value: Json | undefined, ...path: readonly string[]): readonly JsonObject[] {
  const found = fieldOf(value, ...path);
  return isJsonList(found) ? found.filter(isJsonObject) : [];
}

function isJsonList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
