import { Validator } from "@cfworker/json-schema";
import { isJsonObject } from "@tau/core";
import type { Json } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { plainCheck } from "./plain-schema.ts";

const names = fc.constantFrom("a", "b", "c");
const typeNames = fc.constantFrom("object", "array", "string", "number", "integer", "boolean", "null");
const words = fc.constantFrom("x", "y", 1, 2.5, -3, true, null);

const { schema: schemas } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.record(
    {
      type: fc.oneof(typeNames, fc.uniqueArray(typeNames, { minLength: 1, maxLength: 3 })),
      description: fc.constant("words"),
      enum: fc.uniqueArray(words, { minLength: 1, maxLength: 4 }),
      minimum: fc.constantFrom(-3, 0, 2),
      maximum: fc.constantFrom(-1, 1, 3),
      items: fc.oneof({ maxDepth: 2 }, fc.constant({}), tie("schema")),
      properties: fc.dictionary(names, fc.oneof({ maxDepth: 2 }, fc.constant({}), tie("schema"))),
      required: fc.uniqueArray(names, { maxLength: 2 }),
      additionalProperties: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
}));

const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    words,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
}));

/** As it comes: out of JSON. */
function json(value: unknown): Json {
  const copy: Json = JSON.parse(JSON.stringify(value));
  return copy;
}

describe("plainCheck()", () => {
  test("lets nothing through that the validator of all of JSON Schema does not", () => {
    fc.assert(
      fc.property(schemas.map(json), values.map(json), (schema, value) => {
        const check = plainCheck(json(schema));

        if (check?.(value) !== true) return;

        if (!isJsonObject(schema)) throw new TypeError("A schema is an object.");
        expect(new Validator(schema, "2020-12", false).validate(value).valid).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("knows valid arguments of a usual tool", () => {
    const check = plainCheck({
      type: "object",
      description: "Adds.",
      properties: {
        a: { type: "number", minimum: 0 },
        mode: { enum: ["fast", "slow"] },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["a"],
      additionalProperties: false,
    });

    expect(check?.({ a: 1, mode: "fast", tags: ["x"] })).toBe(true);
    expect(check?.({ a: -1 })).toBe(false);
    expect(check?.({ mode: "fast" })).toBe(false);
    expect(check?.({ a: 1, b: 2 })).toBe(false);
    expect(check?.({ a: 1, tags: [1] })).toBe(false);
  });

  test("leaves schemas with other keywords to whoever knows them", () => {
    expect(plainCheck({ type: "object", properties: { a: { pattern: "^x" } } })).toBeUndefined();
    expect(plainCheck({ type: "object", $ref: "#/$defs/a" })).toBeUndefined();
    expect(plainCheck({ type: "object", toString: {} })).toBeUndefined();
  });
});
