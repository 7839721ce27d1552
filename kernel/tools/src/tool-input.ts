import { isJsonObject, TauError } from "@tau/core";
import type { Json, JsonObject, JsonSchema } from "@tau/core";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

import { unknownPropertyIssues } from "./argument-issues.ts";
import { describeValue, formatPath, valueAt } from "./argument-path.ts";
import { createJsonSchemaValidator } from "./json-schema-validator.ts";
import type { Tool, ValidatedInput } from "./tool.ts";

/** A schema that validates and describes itself: Standard Schema and Standard JSON Schema, as zod 4 makes. */
export type ToolInputSchema<Input> = StandardSchemaV1<unknown, Input> & StandardJSONSchemaV1<unknown, Input>;

/** A tool's input, whatever library described it. */
export interface ToolInput<Input> {
  readonly jsonSchema: JsonSchema;
  readonly validate: Tool<Input>["validate"];
}

/**
 * Makes one thing of the two kinds of schema.
 *
 * @throws TauError `tool.invalid_schema` when the schema does not describe an object
 */
export function toToolInput<Input>(
  tool: string,
  schema: ToolInputSchema<Input> | JsonSchema,
): ToolInput<Input> {
  if (!isStandardSchema(schema)) {
    assertObjectSchema(tool, schema);
    // The schema is what justifies the caller's type: its validator lets nothing else through.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const validate = createJsonSchemaValidator(tool, schema) as ToolInput<Input>["validate"];
    return { jsonSchema: schema, validate };
  }
  const jsonSchema = describe(tool, schema, "input");
  assertObjectSchema(tool, jsonSchema);
  const toValidated = (result: StandardSchemaV1.Result<Input>, input: unknown): ValidatedInput<Input> => {
    if (result.issues === undefined) return { ok: true, value: result.value };
    const issues = result.issues.map((issue) => phrase(issue, input));
    return { ok: false, issues: [...issues, ...unknownPropertyIssues(jsonSchema, input)] };
  };
  return {
    jsonSchema,
    validate: (input) => {
      const result = schema["~standard"].validate(input);
      return result instanceof Promise
        ? result.then((late) => toValidated(late, input))
        : toValidated(result, input);
    },
  };
}

/**
 * The JSON Schema of what a tool answers.
 *
 * @throws TauError `tool.invalid_schema`
 */
export function toOutputSchema(tool: string, schema: ToolInputSchema<Json> | JsonSchema): JsonSchema {
  return isStandardSchema(schema) ? describe(tool, schema, "output") : schema;
}

function isStandardSchema<Input>(
  schema: ToolInputSchema<Input> | JsonSchema,
): schema is ToolInputSchema<Input> {
  return "~standard" in schema && typeof schema["~standard"] === "object";
}

/** Providers refuse or ignore `$schema`, and it costs tokens in every request. */
function describe<Input>(tool: string, schema: ToolInputSchema<Input>, side: "input" | "output"): JsonSchema {
  try {
    const { $schema: _, ...described } = schema["~standard"].jsonSchema[side]({ target: "draft-2020-12" });
    const json: Json = JSON.parse(JSON.stringify(described));
    return isJsonObject(json) ? json : {};
  } catch (cause) {
    throw new TauError(
      "tool.invalid_schema",
      `The ${side} schema of tool "${tool}" cannot be written as JSON Schema: use only types that JSON has.`,
      { cause },
    );
  }
}

function assertObjectSchema(tool: string, schema: JsonObject): void {
  if (schema["type"] === "object") return;
  throw new TauError(
    "tool.invalid_schema",
    `The input schema of tool "${tool}" must have "type": "object", because a model sends named arguments.`,
  );
}

function phrase(issue: StandardSchemaV1.Issue, input: unknown): string {
  const path = (issue.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment));
  const value = valueAt(input, path);
  const got = value === undefined || path.length === 0 ? "" : ` (got ${describeValue(value)})`;
  return `${formatPath(path)}: ${issue.message}${got}`;
}
