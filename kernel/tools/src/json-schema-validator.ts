import { isJsonObject, TauError, withinTime } from "@tau/core";
import type { JsonObject, JsonSchema } from "@tau/core";
import type { ValidationResult, Validator } from "@cfworker/json-schema";

import { phraseIssues } from "./argument-issues.ts";
import { plainCheck } from "./plain-schema.ts";
import type { Tool, ValidatedInput } from "./tool.ts";

/** Milliseconds that comparing arguments with a schema may take. */
const maxMs = 250;

interface Compiled {
  readonly validator: Validator;
  /** It has expressions or references, whose work can grow without measure with the value. */
  readonly isRisky: boolean;
}

/**
 * Makes a validator for a JSON Schema of draft 2020-12.
 *
 * The library is loaded and the schema compiled at the first call that needs it: a process that never calls the tool
 * pays nothing, and arguments that fit a plain schema never need it. Schemas come from servers that nobody knows, too:
 * comparing takes 250 ms at most. `$dynamicRef` is the one keyword that is not enforced; a `$ref` to another document makes
 * every call fail with `tool.invalid_schema`.
 */
export function createJsonSchemaValidator(tool: string, schema: JsonSchema): Tool<JsonObject>["validate"] {
  const issuesOf = createIssueFinder(tool, schema, "input");
  return (input) => {
    if (!isJsonObject(input)) return { ok: false, issues: ["arguments: expected a JSON object"] };
    const found = issuesOf(input);
    return found instanceof Promise
      ? found.then((issues) => toValidated(input, issues))
      : toValidated(input, found);
  };
}

function toValidated(input: JsonObject, issues: readonly string[]): ValidatedInput<JsonObject> {
  return issues.length === 0 ? { ok: true, value: input } : { ok: false, issues };
}

/** What is wrong with a value; nothing when it fits. Rejects with `tool.invalid_schema`. */
export type IssueFinder = (value: unknown) => readonly string[] | Promise<readonly string[]>;

/** Makes an {@link IssueFinder} of a tool's schema. */
export function createIssueFinder(tool: string, schema: JsonSchema, side: "input" | "output"): IssueFinder {
  const fits = plainCheck(schema);
  let compiled: Compiled | undefined;

  const lookClosely = async (value: unknown): Promise<readonly string[]> => {
    try {
      const { validator, isRisky } = (compiled ??= await compile(schema));
      const validate = (): ValidationResult => validator.validate(value);
      const result = isRisky ? withinTime(maxMs, validate) : { isDone: true as const, value: validate() };
      if (!result.isDone)
        return ["arguments: comparing them with the schema took too long; make them shorter"];
      const { valid, errors } = result.value;
      return valid ? [] : phraseIssues(schema, value, errors);
    } catch (cause) {
      throw new TauError(
        "tool.invalid_schema",
        `The ${side} schema of tool "${tool}" cannot be used: it has a reference or a pattern that is not valid. This is the tool's fault; use another tool.`,
        { cause },
      );
    }
  };
  return (value) => (fits?.(value) === true ? noIssues : lookClosely(value));
}

const noIssues: readonly string[] = [];

async function compile(schema: JsonSchema): Promise<Compiled> {
  const library = await import("@cfworker/json-schema");
  // A clone, because compiling writes into the schema.
  const validator = new library.Validator(structuredClone(schema), "2020-12", false);
  return { validator, isRisky: /"(?:pattern|patternProperties|\$ref|format)":/.test(JSON.stringify(schema)) };
}
