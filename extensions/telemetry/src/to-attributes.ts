import type { AttributeValue, Attributes } from "@opentelemetry/api";
import type { Json, JsonObject } from "@tau/core";

/** Longer texts are cut: attributes are for names and numbers. */
const maxCharacters = 1_000;

/** Attributes as OpenTelemetry takes them: plain values and lists of one kind; anything else as JSON. */
export function toAttributes(attributes: JsonObject): Attributes {
  const found: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    const taken = toValue(value);
    if (taken !== undefined) found[name] = taken;
  }
  return found;
}

function toValue(value: Json): AttributeValue | undefined {
  if (value === null) return undefined;
  if (typeof value === "string") return value.slice(0, maxCharacters);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (isTexts(value)) return value.map((text) => text.slice(0, maxCharacters));
  return JSON.stringify(value).slice(0, maxCharacters);
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
