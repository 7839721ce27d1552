import type { JsonSchema } from "@tau/core";
import { describe, expect, test } from "vitest";

import { toSchemaFormat, toStrictSchema } from "./strict-schema.ts";

const city: JsonSchema = {
  type: "object",
  properties: { name: { type: "string", pattern: "^[A-Z]" } },
  required: ["name"],
};

describe("toStrictSchema()", () => {
  test("closes every object of which nothing is said", () => {
    const schema: JsonSchema = {
      type: "object",
      properties: {
        cities: { type: "array", items: city },
        capital: { anyOf: [{ $ref: "#/$defs/city" }, { type: "null" }] },
      },
      required: ["capital", "cities"],
      $defs: { city },
    };
    const closed = { ...city, additionalProperties: false };

    expect(toStrictSchema(schema)).toEqual({
      ...schema,
      additionalProperties: false,
      properties: {
        cities: { type: "array", items: closed },
        capital: { anyOf: [{ $ref: "#/$defs/city" }, { type: "null" }] },
      },
      $defs: { city: closed },
    });
  });

  test.each<[string, JsonSchema]>([
    ["a field that may be missing", { ...city, required: [] }],
    ["a field deep inside that may be missing", nested({ ...city, required: [] })],
    ["an open object", { ...city, additionalProperties: true }],
    ["a map", nested({ type: "object", additionalProperties: { type: "string" } })],
    ["an object of anything", { type: "object" }],
    ["a list", { type: "array", items: city }],
    ["a choice at the top", { anyOf: [city] }],
    ["what is refused", nested({ allOf: [city] })],
    ["a schema that is true", { ...city, properties: { name: true } }],
    ["a schema of which a field is none", { ...city, properties: { name: 1 } }],
  ])("has no word for %s", (_, schema) => {
    expect(toStrictSchema(schema)).toBeUndefined();
  });
});

function nested(schema: JsonSchema): JsonSchema {
  return { type: "object", properties: { inner: { type: "array", items: schema } }, required: ["inner"] };
}

describe("toSchemaFormat()", () => {
  test("asks for what cannot be enforced, and for what need not be", () => {
    const open = { ...city, additionalProperties: true };
    const closed = { ...city, additionalProperties: false };

    expect(toSchemaFormat({ name: "city", schema: open })).toEqual({
      name: "city",
      schema: open,
      strict: false,
    });
    expect(toSchemaFormat({ name: "city", schema: city, strict: false })).toMatchObject({
      schema: city,
      strict: false,
    });
    expect(toSchemaFormat({ name: "city", schema: city })).toMatchObject({ schema: closed, strict: true });
  });
});
