import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, JsonSchema } from "@tau/core";
import type { OutputUnit } from "@cfworker/json-schema";

import { describeValue, formatPath, pointerKeys, valueAt } from "./argument-path.ts";
import { closestName } from "./closest-name.ts";

/** Longer lists teach a model nothing more. */
const maxIssues = 10;

/** Phrases what a JSON Schema validator found: where, what was expected, what was got. */
export function phraseIssues(
  schema: JsonSchema,
  input: unknown,
  errors: readonly OutputUnit[],
): readonly string[] {
  const issues: string[] = [];
  for (const [index, error] of errors.entries()) {
    if (containers.has(error.keyword) || isInsideChoice(errors, index)) continue;
    const path = pointerKeys(error.instanceLocation);
    const where = formatPath(path);
    const value = valueAt(input, path);
    if (error.keyword === "required") {
      issues.push(...missing(schema, error, path, value));
    } else if (error.keyword === "false") {
      issues.push(unknown(schema, error, path));
    } else if (choices.has(error.keyword)) {
      issues.push(`${where}: ${choice(errors, error)}, got ${describeValue(value)}`);
    } else {
      issues.push(`${where}: expected ${expectation(schema, error)}, got ${describeValue(value)}`);
    }
  }
  const unique = [...new Set(issues)];
  if (unique.length <= maxIssues) return unique;
  return [...unique.slice(0, maxIssues), `and ${unique.length - maxIssues} more`];
}

/** Names top-level properties that the schema does not know, when one that it knows is like them. */
export function unknownPropertyIssues(schema: JsonSchema, input: unknown): readonly string[] {
  const properties = schema["properties"];
  if (!isJsonObject(input) || !isJsonObject(properties)) return [];
  const known = Object.keys(properties).filter((name) => !Object.hasOwn(input, name));
  return Object.keys(input).flatMap((name) => {
    if (Object.hasOwn(properties, name)) return [];
    const closest = closestName(name, known);
    return closest === undefined ? [] : [`${name}: unknown property; did you mean "${closest}"?`];
  });
}

/** Keywords that only say that something below them failed. */
const containers = new Set([
  "properties",
  "items",
  "prefixItems",
  "additionalProperties",
  "patternProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "dependentSchemas",
  "$ref",
  "allOf",
  "then",
  "else",
  "if",
]);

const choices = new Set(["anyOf", "oneOf"]);

function isInsideChoice(errors: readonly OutputUnit[], index: number): boolean {
  const location = errors[index]?.keywordLocation ?? "";
  return errors.some(
    (error) => choices.has(error.keyword) && location.startsWith(`${error.keywordLocation}/`),
  );
}

/** "expected string or number" when the branches differ by type only; else what each branch minds. */
function choice(errors: readonly OutputUnit[], parent: OutputUnit): string {
  const inside = errors.filter((error) => error.keywordLocation.startsWith(`${parent.keywordLocation}/`));
  const types = inside.map((error) =>
    error.keyword === "type" && error.instanceLocation === parent.instanceLocation
      ? /Expected "(.+)"/.exec(error.error)?.[1]
      : undefined,
  );
  if (types.length > 0 && types.every((type) => type !== undefined)) {
    return `expected ${[...new Set(types)].join(" or ")}`;
  }
  const details = inside
    .filter((error) => !containers.has(error.keyword))
    .slice(0, 4)
    .map((error) => `${formatPath(pointerKeys(error.instanceLocation))}: ${error.error}`);
  const hint = details.length === 0 ? "" : ` (${details.join(" ")})`;
  return `expected ${parent.keyword === "oneOf" ? "exactly one" : "one"} of the allowed forms${hint}`;
}

function missing(
  schema: JsonSchema,
  error: OutputUnit,
  path: readonly string[],
  value: unknown,
): readonly string[] {
  const name = /required property "(.*)"/s.exec(error.error)?.[1] ?? "";
  const parent = schemaAt(schema, error.keywordLocation, 1);
  const properties = parent?.["properties"];
  const declared = isJsonObject(properties) ? properties[name] : undefined;
  const type = isJsonObject(declared) && typeof declared["type"] === "string" ? ` (${declared["type"]})` : "";
  const got =
    isJsonObject(value) && Object.keys(value).length > 0 ? Object.keys(value).join(", ") : "nothing";
  return [`${formatPath([...path, name])}: required${type} but missing; got only ${got}`];
}

function unknown(schema: JsonSchema, error: OutputUnit, path: readonly string[]): string {
  const name = path.at(-1) ?? "";
  const properties = schemaOfParent(schema, path)?.["properties"];
  const known = isJsonObject(properties) ? Object.keys(properties) : [];
  const closest = closestName(name, known);
  if (closest !== undefined) return `${formatPath(path)}: unknown property; did you mean "${closest}"?`;
  const list = known.length === 0 ? "" : `; known properties are ${known.join(", ")}`;
  return `${formatPath(path)}: not allowed here${list}`;
}

/** Follows `properties` and `items` down to the object that holds the last key of `path`. */
function schemaOfParent(root: JsonSchema, path: readonly string[]): JsonObject | undefined {
  let schema: JsonObject | undefined = root;
  for (const key of path.slice(0, -1)) {
    const properties: Json | undefined = schema?.["properties"];
    const items: Json | undefined = schema?.["items"];
    const next: Json | undefined =
      isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : items;
    schema = isJsonObject(next) ? deref(root, next) : undefined;
  }
  return schema;
}

function expectation(schema: JsonSchema, error: OutputUnit): string {
  const rule = schemaAt(schema, error.keywordLocation, 1)?.[error.keyword];
  const phrase = phrases[error.keyword];
  if (rule === undefined || phrase === undefined) return `a valid value (${error.error})`;
  return phrase(typeof rule === "string" ? rule : JSON.stringify(rule));
}

const phrases: Readonly<Record<string, (rule: string) => string>> = {
  type: (rule) => rule.replaceAll(/["[\]]/g, "").replaceAll(",", " or "),
  enum: (rule) => `one of ${rule.slice(1, -1)}`,
  const: (rule) => rule,
  pattern: (rule) => `text matching ${rule}`,
  format: (rule) => `a ${rule}`,
  minLength: (rule) => `at least ${rule} characters`,
  maxLength: (rule) => `at most ${rule} characters`,
  minimum: (rule) => `at least ${rule}`,
  maximum: (rule) => `at most ${rule}`,
  exclusiveMinimum: (rule) => `more than ${rule}`,
  exclusiveMaximum: (rule) => `less than ${rule}`,
  multipleOf: (rule) => `a multiple of ${rule}`,
  minItems: (rule) => `at least ${rule} items`,
  maxItems: (rule) => `at most ${rule} items`,
  uniqueItems: () => `items that all differ`,
};

/** The schema at a keyword location, `up` keys above its end; steps named `$ref` jump. */
function schemaAt(root: JsonSchema, location: string, up: number): JsonObject | undefined {
  const keys = pointerKeys(location);
  let value: unknown = root;
  for (const key of keys.slice(0, keys.length - up)) {
    if (key === "$ref") value = isJsonObject(value) ? deref(root, value) : undefined;
    else value = valueAt(value, [key]);
  }
  return isJsonObject(value) ? value : undefined;
}

function deref(root: JsonSchema, schema: JsonObject): JsonObject | undefined {
  const reference = schema["$ref"];
  if (typeof reference !== "string" || !reference.startsWith("#")) return schema;
  const target = valueAt(root, pointerKeys(reference));
  return isJsonObject(target) ? target : undefined;
}
