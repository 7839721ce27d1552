import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, JsonSchema } from "@tau/core";

import type { ModelRequest } from "../model.ts";

/** With one of these a schema is refused, if it is to be enforced. */
const refused = [
  "allOf",
  "contains",
  "dependentRequired",
  "dependentSchemas",
  "else",
  "if",
  "not",
  "patternProperties",
  "prefixItems",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
];

/** What the answer is held to, in OpenAI's words. A schema that cannot be enforced is only asked for. */
export function toSchemaFormat({ name, schema, strict = true }: NonNullable<ModelRequest["outputSchema"]>): {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly strict: boolean;
} {
  const enforced = strict ? toStrictSchema(schema) : undefined;
  return { name, schema: enforced ?? schema, strict: enforced !== undefined };
}

/**
 * A schema as OpenAI enforces it, which it demands of it: every object closed, every field required. Objects of which
 * nothing is said are closed; what cannot be so without another meaning is undefined, and can only be asked for.
 * Source: the guide "Structured model outputs", November 2026.
 */
export function toStrictSchema(schema: JsonSchema): JsonSchema | undefined {
  return schema["type"] === "object" ? closed(schema) : undefined;
}

function closed(schema: JsonObject): JsonObject | undefined {
  if (refused.some((keyword) => keyword in schema)) return undefined;
  const written: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const inner = convert(keyword, value);
    if (inner === undefined) return undefined;
    written[keyword] = inner;
  }
  const isObject = [schema["type"]].flat().includes("object") || schema["properties"] !== undefined;
  if (!isObject) return written;
  return isClosable(schema) ? { ...written, additionalProperties: false } : undefined;
}

/** Everything is required, and nothing else is said to be allowed. */
function isClosable({ properties, required, additionalProperties = false }: JsonObject): boolean {
  if (!isJsonObject(properties) || additionalProperties !== false) return false;
  const names = Array.isArray(required) ? required : [];
  return Object.keys(properties).every((name) => names.includes(name));
}

function convert(keyword: string, value: Json): Json | undefined {
  if (keyword === "items") return isJsonObject(value) ? closed(value) : undefined;
  if (keyword === "anyOf" || keyword === "oneOf") return Array.isArray(value) ? closedList(value) : undefined;
  if (keyword !== "properties" && keyword !== "$defs" && keyword !== "definitions") return value;
  if (!isJsonObject(value)) return undefined;
  const list = closedList(Object.values(value));
  return list && Object.fromEntries(Object.keys(value).map((name, index) => [name, list[index] ?? {}]));
}

function closedList(schemas: readonly Json[]): readonly Json[] | undefined {
  const all = schemas.map((schema) => (isJsonObject(schema) ? closed(schema) : undefined));
  const whole = all.filter((schema) => schema !== undefined);
  return whole.length === all.length ? whole : undefined;
}
