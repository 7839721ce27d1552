import { isJsonObject, TauError } from "@tau/core";
import type { JsonObject, JsonSchema } from "@tau/core";
import type { Validator } from "@cfworker/json-schema";

import { phraseIssues } from "./argument-issues.ts";
import type { ValidatedInput } from "./tool.ts";

/**
 * Makes a validator for a JSON Schema of draft 2020-12.
 *
 * The library is loaded and the schema compiled at the first call: a process that never calls the tool
 * pays nothing. `$dynamicRef` is the one keyword that is not enforced; a `$ref` to another document makes
 * every call fail with `tool.invalid_schema`.
 */
export function createJsonSchemaValidator(
  tool: string,
  schema: JsonSchema,
): (input: unknown) => Promise<ValidatedInput<JsonObject>> {
  let validator: Validator | undefined;
  return async (input) => {
    if (!isJsonObject(input)) return { ok: false, issues: ["arguments: expected a JSON object"] };
    try {
      validator ??= await compile(schema);
      const { valid, errors } = validator.validate(input);
      return valid ? { ok: true, value: input } : { ok: false, issues: phraseIssues(schema, input, errors) };
    } catch (cause) {
      throw new TauError(
        "tool.invalid_schema",
        `The input schema of tool "${tool}" cannot be used: it has a reference or a pattern that is not valid. This is the tool's fault; use another tool.`,
        { cause },
      );
    }
  };
}

async function compile(schema: JsonSchema): Promise<Validator> {
  const library = await import("@cfworker/json-schema");
  // A clone, because compiling writes into the schema.
  return new library.Validator(structuredClone(schema), "2020-12", false);
}
