import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, JsonSchema } from "@tau/core";

/** Keywords that the provider enforces as they are. */
const plainKeywords = new Set([
  "type",
  "enum",
  "const",
  "$ref",
  "required",
  "title",
  "description",
  "default",
]);
const formats = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);

/**
 * Writes a schema in the part of JSON Schema that the provider can enforce: objects are closed, and what else
 * it does not know is told to the model in the description. Undefined for a schema with objects of free
 * fields, which closing would empty.
 */
export function toOutputSchema(schema: JsonSchema): JsonSchema | undefined {
  const isObject = schema["type"] === "object" || schema["properties"] !== undefined;
  if (isObject && !isClosable(schema)) return undefined;
  const written: Record<string, Json> = {};
  const told: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "$schema" || keyword === "additionalProperties") continue;
    const converted = convert(keyword, value);
    if (converted === undefined) return undefined;
    if (converted === "told") told[keyword] = value;
    else written[keyword === "oneOf" ? "anyOf" : keyword] = converted.value;
  }
  if (isObject) written["additionalProperties"] = false;
  if (Object.keys(told).length > 0) written["description"] = withHints(written["description"], told);
  return written;
}

function isClosable(schema: JsonObject): boolean {
  const open = schema["additionalProperties"] ?? false;
  return open === false && isJsonObject(schema["properties"]);
}

/** The keyword's value as the provider takes it; `told` if it does not; undefined if nothing can be done. */
function convert(keyword: string, value: Json): { readonly value: Json } | "told" | undefined {
  switch (keyword) {
    case "properties":
    case "$defs":
    case "definitions":
      return isJsonObject(value) ? convertAll(value) : "told";
    case "items":
      return isJsonObject(value) ? wrap(toOutputSchema(value)) : "told";
    case "anyOf":
    case "oneOf":
    case "allOf":
      return Array.isArray(value) ? convertList(value) : "told";
    case "format":
      return typeof value === "string" && formats.has(value) ? { value } : "told";
    case "minItems":
      return value === 0 || value === 1 ? { value } : "told";
    default:
      return plainKeywords.has(keyword) ? { value } : "told";
  }
}

function convertAll(schemas: JsonObject): { readonly value: Json } | undefined {
  const converted: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const value = isJsonObject(schema) ? toOutputSchema(schema) : undefined;
    if (value === undefined) return undefined;
    converted[name] = value;
  }
  return { value: converted };
}

function convertList(schemas: readonly Json[]): { readonly value: Json } | undefined {
  const converted = schemas.map((schema) => (isJsonObject(schema) ? toOutputSchema(schema) : undefined));
  const all = converted.filter((schema) => schema !== undefined);
  return all.length === converted.length ? { value: all } : undefined;
}

function wrap(value: Json | undefined): { readonly value: Json } | undefined {
  return value === undefined ? undefined : { value };
}

function withHints(description: Json | undefined, told: JsonObject): string {
  const hints = Object.entries(told).map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`);
  return [...(typeof description === "string" ? [description] : []), `(${hints.join(", ")})`].join(" ");
}
