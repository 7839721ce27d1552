import type { AttributeValue, Attributes } from "@opentelemetry/api";
import type { Json, JsonObject } from "@tau/core";

import type { TextCleaner } from "./text-cleaner.ts";

/** Further members of a list are left out. */
const maxMembers = 100;

/** The name of the attribute that says whose an observation is: from its own field alone, and never on a metric. */
export const tenantAttribute = "tau.tenant";

/** Attributes as OpenTelemetry takes them: plain values and lists of one kind; anything else as JSON. */
export function toAttributes(attributes: JsonObject, clean: TextCleaner): Attributes {
  const found: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    const taken = name === tenantAttribute ? undefined : toValue(value, clean);
    if (taken !== undefined) found[name] = taken;
  }
  return found;
}

function toValue(value: Json, clean: TextCleaner): AttributeValue | undefined {
  if (value === null) return undefined;
  if (typeof value === "string") return clean(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (isTexts(value)) return value.slice(0, maxMembers).map(clean);
  return clean(JSON.stringify(value));
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
