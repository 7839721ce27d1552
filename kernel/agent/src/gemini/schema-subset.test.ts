import { GoogleGenAI } from "@google/genai";
import type { JsonSchema } from "@tau/core";
import { describe, expect, test } from "vitest";

import { startLoopback } from "../testing/loopback.ts";
import { toSchemaSubset } from "./schema-subset.ts";

const options = { identity: { provider: "gemini", model: "m" }, place: "tool read" } as const;

/** Types as Google writes them. */
function inCapitals(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) =>
      name === "type" && typeof value === "string" ? value.toUpperCase() : value,
    ),
  );
}

/** Definitions of which each refers to the next one four times: 16,384 schemas when written out. */
function laughs(): JsonSchema {
  const definitions = Array.from({ length: 7 }, (_, index) => {
    const next = { $ref: `#/$defs/d${index + 1}` };
    return [`d${index}`, { type: "object", properties: { a: next, b: next, c: next, d: next } }];
  });
  return { $defs: { ...Object.fromEntries(definitions), d7: { type: "string" } }, $ref: "#/$defs/d0" };
}

describe("toSchemaSubset()", () => {
  test.each<[string, JsonSchema, JsonSchema]>([
    [
      "keeps what both know",
      {
        type: "object",
        title: "T",
        description: "D",
        required: ["a"],
        properties: {
          a: { type: "string", format: "date-time", minLength: 1, maxLength: 9, pattern: "^a" },
          b: { type: "array", items: { type: "integer", minimum: 1, maximum: 9 }, minItems: 1, maxItems: 3 },
        },
      },
      {
        type: "object",
        title: "T",
        description: "D",
        required: ["a"],
        properties: {
          a: { type: "string", format: "date-time", minLength: 1, maxLength: 9, pattern: "^a" },
          b: { type: "array", items: { type: "integer", minimum: 1, maximum: 9 }, minItems: 1, maxItems: 3 },
        },
      },
    ],
    [
      "drops what only narrows",
      { $schema: "x", type: "object", additionalProperties: false, examples: [{}], properties: {} },
      { type: "object", properties: {} },
    ],
    [
      "drops bounds without a place",
      { type: "integer", exclusiveMinimum: 0, multipleOf: 2 },
      { type: "integer" },
    ],
    ["makes null a flag", { type: ["string", "null"] }, { type: "string", nullable: true }],
    [
      "makes several types alternatives",
      { type: ["string", "integer", "null"] },
      { nullable: true, anyOf: [{ type: "string" }, { type: "integer" }] },
    ],
    [
      "makes oneOf anyOf",
      { oneOf: [{ type: "string" }, { type: "integer" }] },
      { anyOf: [{ type: "string" }, { type: "integer" }] },
    ],
    [
      "takes null out of alternatives",
      { anyOf: [{ type: "object", properties: {} }, { type: "null" }] },
      { nullable: true, type: "object", properties: {} },
    ],
    ["makes a constant a list", { const: "a" }, { type: "string", enum: ["a"] }],
    [
      "takes null out of a list",
      { enum: ["a", "b", null] },
      { type: "string", enum: ["a", "b"], nullable: true },
    ],
    [
      "tells numbers instead of listing them",
      { enum: [1, 2], description: "How many." },
      { type: "integer", description: "How many. One of 1, 2." },
    ],
    ["makes a true constant a type", { const: true }, { type: "boolean" }],
    ["merges a lonely allOf", { allOf: [{ type: "string" }], title: "T" }, { type: "string", title: "T" }],
    [
      "makes places of a list one kind of item",
      { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] },
      { type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } },
    ],
    [
      "writes references out, with the description beside them",
      {
        type: "object",
        properties: { a: { $ref: "#/$defs/A~1B", description: "Mine." }, b: { $ref: "#/$defs/A~1B" } },
        $defs: { "A/B": { type: "string", description: "Anybody's." } },
      },
      {
        type: "object",
        properties: {
          a: { type: "string", description: "Mine." },
          b: { type: "string", description: "Anybody's." },
        },
      },
    ],
    ["lets anything be anything", { type: "array", items: {} }, { type: "array", items: {} }],
  ])("%s", (_name, schema, expected) => {
    expect(toSchemaSubset(schema, options)).toEqual(inCapitals(expected));
  });

  test("gives what the vendor's library makes of what that can convert", async () => {
    const schemas: readonly JsonSchema[] = [
      { type: "object", properties: { a: { type: "string", description: "A." } }, required: ["a"] },
      { type: "array", items: { type: ["string", "null"] }, minItems: 1 },
      { anyOf: [{ type: "null" }, { type: "array", items: { type: "number" } }] },
      { type: "object", properties: { a: { anyOf: [{ type: "string" }, { type: "boolean" }] } } },
      { type: "string", enum: ["a", "b"], title: "T" },
    ];
    let body = "";
    await using server = await startLoopback(async (request, response) => {
      body = "";
      for await (const bytes of request) body += String(bytes);
      response.end("{}");
    });
    const { models } = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: server.url } });
    for (const schema of schemas) {
      await models.generateContent({
        model: "any",
        contents: "hi",
        config: { responseMimeType: "application/json", responseSchema: { ...schema } },
      });
      const sent: unknown = JSON.parse(body);

      expect(toSchemaSubset(schema, options)).toEqual(
        // The library forgets some of them.
        inCapitals(Object(sent).generationConfig.responseSchema),
      );
    }
  });

  test.each<[string, JsonSchema]>([
    ['uses "not"', { not: { type: "string" } }],
    ['uses "if"', { if: {}, else: {} }],
    ['uses "patternProperties"', { type: "object", patternProperties: {} }],
    ['uses "allOf"', { allOf: [{ type: "string" }, { title: "T" }] }],
    ["has a list of values of several kinds", { enum: ["a", 1] }],
    ["has several types and alternatives at once", { type: ["string", "number"], anyOf: [{}, {}] }],
    ["refers to itself (#)", { type: "object", properties: { child: { $ref: "#" } } }],
    ["refers to nothing (#/$defs/B)", { $ref: "#/$defs/B" }],
    ["refers to nothing (#/constructor)", { $ref: "#/constructor" }],
    ["refers to another document", { $ref: "https://a/b" }],
    ["is larger than 5000 schemas", laughs()],
    [
      "nests deeper than 32 levels",
      Array.from({ length: 40 }).reduce<JsonSchema>((items) => ({ type: "array", items }), {}),
    ],
  ])("refuses a schema that %s", (reason, schema) => {
    expect(() => toSchemaSubset(schema, options)).toThrow(
      expect.objectContaining({
        code: "model.unsupported_content",
        message: `Provider "gemini" (model "m") cannot be sent the schema of tool read: it ${reason}. Simplify it, or use a model that takes JSON Schema.`,
      }),
    );
  });

  test("leaves out what it would refuse when it may be loose", () => {
    const schema = {
      type: "object",
      properties: { child: { $ref: "#" }, mixed: { enum: ["a", 1] } },
      not: { required: ["b"] },
    };

    expect(toSchemaSubset(schema, { ...options, loose: true })).toEqual({
      type: "OBJECT",
      properties: { child: {}, mixed: {} },
    });
  });
});
