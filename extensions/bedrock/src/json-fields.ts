import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

/** The string, or an empty one. */
export function stringOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The object, or an empty one. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The list, or an empty one. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
