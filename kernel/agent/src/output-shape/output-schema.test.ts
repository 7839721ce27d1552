import { transformJSONSchema } from "@anthropic-ai/sdk/lib/transform-json-schema";
import type { JsonSchema } from "@tau/core";
import { describe, expect, test } from "vitest";

import { toOutputSchema } from "./output-schema.ts";

const schema: JsonSchema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

describe("toOutputSchema()", () => {
  test.each<JsonSchema>([
    schema,
    {
      type: "object",
      properties: {
        tags: { type: "array", items: { type: "string" }, minItems: 1 },
        kind: { enum: ["a", "b"] },
        one: { oneOf: [{ type: "string" }, { type: "integer" }] },
        when: { type: "string", format: "date-time", description: "When." },
        either: { anyOf: [{ type: "string" }, { type: "null" }] },
        node: { $ref: "#/$defs/node" },
      },
      required: ["tags"],
      $defs: { node: { type: "object", properties: { id: { type: "integer" } } } },
      $schema: "https://json-schema.org/draft/2020-12/schema",
    },
  ])("writes what the vendor's library writes: %#", (given) => {
    expect(toOutputSchema(given)).toEqual(transformJSONSchema({ ...given }));
  });

  test("tells the model what the provider does not enforce", () => {
    expect(toOutputSchema({ type: "integer", minimum: 1, maximum: 9, description: "Stars." })).toEqual({
      type: "integer",
      description: "Stars. (minimum: 1, maximum: 9)",
    });
    expect(toOutputSchema({ type: "string", format: "phone" })).toEqual({
      type: "string",
      description: '(format: "phone")',
    });
  });

  test("gives up on objects of any fields, however deep", () => {
    const open: JsonSchema = { type: "object" };

    expect(toOutputSchema(open)).toBeUndefined();
    expect(toOutputSchema({ type: "array", items: open })).toBeUndefined();
    expect(toOutputSchema({ anyOf: [open] })).toBeUndefined();
    expect(toOutputSchema({ type: "object", properties: { a: open } })).toBeUndefined();
    expect(
      toOutputSchema({ type: "object", properties: {}, additionalProperties: { type: "string" } }),
    ).toBeUndefined();
  });
});
