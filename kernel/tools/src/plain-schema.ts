import { isJsonObject } from "@tau/core";
import type { Json, JsonSchema } from "@tau/core";

/** Tells that a value fits. False says nothing: somebody has to look closer. */
export type PlainCheck = (value: unknown) => boolean;

/**
 * Makes a check out of a schema as most tools have them: types, properties, items, words to choose from, bounds. Undefined
 * for a schema with any other keyword. The validator of all of JSON Schema takes ten times as long, and has to be loaded.
 */
export function plainCheck(schema: Json | undefined): PlainCheck | undefined {
  if (!isJsonObject(schema)) return undefined;
  const checks: PlainCheck[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (annotations.has(keyword)) continue;
    const check = Object.hasOwn(keywords, keyword) ? keywords[keyword]?.(rule, schema) : undefined;
    if (check === undefined) return undefined;
    checks.push(check);
  }
  return (value) => checks.every((check) => check(value));
}

// Say nothing about values.
const annotations = new Set(["title", "description", "default", "examples", "deprecated", "readOnly"]);

type Keyword = (rule: Json, schema: JsonSchema) => PlainCheck | undefined;

const keywords: Readonly<Record<string, Keyword>> = {
  type: (rule) => {
    const tests = (Array.isArray(rule) ? rule : [rule]).map((name: Json) =>
      typeof name === "string" && Object.hasOwn(types, name) ? types[name] : undefined,
    );
    if (tests.includes(undefined)) return undefined;
    return (value) => tests.some((test) => test?.(value) === true);
  },
  enum: (rule) => {
    if (!Array.isArray(rule) || rule.some((one: Json) => typeof one === "object" && one !== null))
      return undefined;
    const words = new Set<unknown>(rule);
    return (value) => words.has(value);
  },
  minimum: (rule) =>
    typeof rule === "number" ? ofType("number", (value) => Number(value) >= rule) : undefined,
  maximum: (rule) =>
    typeof rule === "number" ? ofType("number", (value) => Number(value) <= rule) : undefined,
  items: (rule) => {
    const check = plainCheck(rule);
    return check && ((value) => !Array.isArray(value) || value.every(check));
  },
  required: (rule) => {
    if (!Array.isArray(rule)) return undefined;
    const names = rule.map(String);
    return (value) => !isJsonObject(value) || names.every((name) => Object.hasOwn(value, name));
  },
  properties: (rule) => {
    if (!isJsonObject(rule)) return undefined;
    const checks = Object.entries(rule).map(([name, one]) => [name, plainCheck(one)] as const);
    if (checks.some(([, check]) => check === undefined)) return undefined;
    return (value) =>
      !isJsonObject(value) ||
      checks.every(([name, check]) => !Object.hasOwn(value, name) || check?.(value[name]) === true);
  },
  additionalProperties: (rule, { properties = {} }) => {
    if (rule === true) return anything;
    if (rule !== false || !isJsonObject(properties)) return undefined;
    return (value) =>
      !isJsonObject(value) || Object.keys(value).every((name) => Object.hasOwn(properties, name));
  },
};

const types: Readonly<Record<string, PlainCheck>> = {
  object: isJsonObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

const anything: PlainCheck = () => true;

function ofType(type: string, check: PlainCheck): PlainCheck {
  return (value) => typeof value !== type || check(value);
}
