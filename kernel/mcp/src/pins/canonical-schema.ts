import { canonicalJson, isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import { byCodeUnits } from "../by-code-units.ts";

/** Keywords of JSON Schema that hold schemas by name, lists of schemas, one schema or a list, and sets of values. */
const maps = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
const lists = ["items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"];
const names = ["additionalProperties", "unevaluatedProperties", "propertyNames"];
const logic = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contentSchema"];
const schemas = new Set([...lists, ...names, ...logic]);
const sets = new Set(["required", "enum", "type"]);

/**
 * A schema whose sets have one order: servers write `required`, `enum` and `type` in the order of some hash map,
 * and another order says nothing else. Everything else stays, also what no version of JSON Schema knows.
 */
export function canonicalSchema(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(canonicalSchema);
  return isJsonObject(schema) ? mapValues(schema, canonicalKeyword) : schema;
}

function canonicalKeyword(value: Json, keyword: string): Json {
  if (maps.has(keyword) && isJsonObject(value)) return mapValues(value, canonicalSchema);
  if (schemas.has(keyword)) return canonicalSchema(value);
  return sets.has(keyword) && Array.isArray(value) ? value.toSorted(byCanonicalJson) : value;
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

function byCanonicalJson(a: Json, b: Json): number {
  return byCodeUnits(canonicalJson(a), canonicalJson(b));
}
