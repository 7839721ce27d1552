import type { Json } from "@tau/core";

/** What of a value is JSON; undefined for nothing. */
export function toJson(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}
