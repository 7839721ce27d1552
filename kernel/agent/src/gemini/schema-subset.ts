import { isJsonObject } from "@tau/core";
import type { Json, JsonObject, JsonSchema, TauError } from "@tau/core";

import { textAt } from "../json-fields.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";

/** Options of {@link toSchemaSubset}. */
export interface SchemaSubsetOptions {
  readonly identity: ModelIdentity;
  /** Whose schema it is, for errors: `tool read`. */
  readonly place: string;
  /** Leave out, instead of refusing, what changes the meaning. Default false. */
  readonly loose?: boolean;
}

/** Taken over as they are. */
const kept = new Set([
  "title",
  "description",
  "format",
  "nullable",
  "default",
  "example",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "required",
  "propertyOrdering",
]);

/** Without a place in the subset, and without these the schema still means the same or allows a little more. */
const dropped = new Set([
  "$schema",
  "$id",
  "$anchor",
  "$comment",
  "$defs",
  "definitions",
  "additionalProperties",
  "unevaluatedProperties",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "uniqueItems",
  "multipleOf",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "contentEncoding",
  "contentMediaType",
]);

/** Limits of what is written: schemas come from strangers' tools too, and references multiply. */
const deepest = 32;
const largest = 5000;

/**
 * Writes a JSON Schema in the subset of OpenAPI's schemas that Gemini takes where it takes no JSON Schema.
 *
 * - Types are written in capitals, references written out, `const` and enums become lists of texts, `oneOf` becomes `anyOf`, a list of types
 *   becomes `anyOf` or `nullable`, a single `allOf` is merged, `prefixItems` become one kind of item.
 * - Dropped without a word, because the result only allows more: see `dropped`.
 * - Refused, or dropped if `loose`: `not`, `if`, `patternProperties`, several `allOf`, references to themselves.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toSchemaSubset(schema: JsonSchema, options: SchemaSubsetOptions): JsonObject {
  return new SubsetWriter(schema, options).write(schema, 0);
}

class SubsetWriter {
  readonly #root: JsonSchema;
  readonly #options: SchemaSubsetOptions;
  /** The references that are being written out, the outermost first. */
  readonly #open: string[] = ["#"];
  #written = 0;

  constructor(root: JsonSchema, options: SchemaSubsetOptions) {
    this.#root = root;
    this.#options = options;
  }

  write(schema: Json | undefined, depth: number): JsonObject {
    if (depth > deepest) throw this.#refuse(`nests deeper than ${deepest} levels`);
    if (++this.#written > largest) throw this.#refuse(`is larger than ${largest} schemas`);
    // `true` and `{}`: anything.
    if (!isJsonObject(schema)) return {};
    const reference = schema["$ref"];
    if (typeof reference === "string") return this.#reference(reference, schema, depth);
    const written: Record<string, Json> = {};
    for (const [name, value] of Object.entries(schema)) this.#keyword(written, name, value, depth);
    this.#type(written, schema["type"]);
    if (schema["const"] !== undefined) this.#values(written, [schema["const"]]);
    else if (Array.isArray(schema["enum"])) this.#values(written, schema["enum"]);
    return written;
  }

  #keyword(written: Record<string, Json>, name: string, value: Json, depth: number): void {
    if (kept.has(name)) written[name] = value;
    else if (["type", "const", "enum"].includes(name) || dropped.has(name)) return;
    else if (name === "properties") written[name] = this.#properties(value, depth);
    else if (name === "items") written[name] = this.write(value, depth + 1);
    else if (name === "prefixItems") written["items"] = this.#oneOf(listOf(value), depth);
    else if (name === "anyOf" || name === "oneOf") this.#alternatives(written, listOf(value), depth);
    else if (name === "allOf" && listOf(value).length === 1)
      Object.assign(written, this.write(listOf(value)[0], depth + 1));
    else if (this.#options.loose !== true) throw this.#refuse(`uses "${name.slice(0, 40)}"`);
  }

  #properties(value: Json, depth: number): JsonObject {
    const entries = isJsonObject(value) ? Object.entries(value) : [];
    return Object.fromEntries(entries.map(([name, property]) => [name, this.write(property, depth + 1)]));
  }

  #oneOf(schemas: readonly Json[], depth: number): JsonObject {
    const written = schemas.map((schema) => this.write(schema, depth + 1));
    const [first] = written;
    return written.length === 1 && first !== undefined ? first : { anyOf: written };
  }

  /** "Or null" is a flag of its own here. */
  #alternatives(written: Record<string, Json>, schemas: readonly Json[], depth: number): void {
    const others = schemas.filter((schema) => !(isJsonObject(schema) && schema["type"] === "null"));
    if (others.length < schemas.length) written["nullable"] = true;
    if (others.length > 0) Object.assign(written, this.#oneOf(others, depth));
  }

  /** The subset has lists of texts only; a list of numbers can be told, but not enforced. */
  #values(written: Record<string, Json>, values: readonly Json[]): void {
    if (values.includes(null)) written["nullable"] = true;
    const others = values.filter((value) => value !== null);
    const isText = others.every((value) => typeof value === "string");
    if (isText) {
      written["enum"] = others;
      written["type"] = "STRING";
    } else if (others.every((value) => typeof value === "number")) {
      written["type"] = others.every(Number.isInteger) ? "INTEGER" : "NUMBER";
      written["description"] = `${textAt(written, "description")} One of ${others.join(", ")}.`.trim();
    } else if (others.every((value) => typeof value === "boolean")) written["type"] = "BOOLEAN";
    else if (this.#options.loose !== true) throw this.#refuse("has a list of values of several kinds");
  }

  #type(written: Record<string, Json>, type: Json | undefined): void {
    const types = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
    const others = types.filter((one) => one !== "null");
    if (others.length < types.length) written["nullable"] = true;
    const [first] = others;
    if (others.length === 1 && first !== undefined) written["type"] = first.toUpperCase();
    else if (others.length > 1) {
      if (written["anyOf"] !== undefined) throw this.#refuse("has several types and alternatives at once");
      written["anyOf"] = others.map((one) => ({ type: one.toUpperCase() }));
    }
  }

  #reference(reference: string, schema: JsonObject, depth: number): JsonObject {
    if (this.#open.includes(reference)) {
      if (this.#options.loose === true) return {};
      throw this.#refuse(`refers to itself (${reference.slice(0, 80)})`);
    }
    this.#open.push(reference);
    try {
      const target = this.write(this.#resolve(reference), depth + 1);
      const { description } = schema;
      return typeof description === "string" ? { ...target, description } : target;
    } finally {
      this.#open.pop();
    }
  }

  #resolve(reference: string): Json {
    if (reference !== "#" && !reference.startsWith("#/")) throw this.#refuse("refers to another document");
    let place: Json | undefined = this.#root;
    for (const step of reference.split("/").slice(1)) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      place = isJsonObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
    }
    if (place === undefined) throw this.#refuse(`refers to nothing (${reference.slice(0, 80)})`);
    return place;
  }

  #refuse(what: string): TauError {
    const { identity, place } = this.#options;
    return modelError("model.unsupported_content", identity, {
      sentence: `cannot be sent the schema of ${place}: it ${what}. Simplify it, or use a model that takes JSON Schema`,
    });
  }
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
