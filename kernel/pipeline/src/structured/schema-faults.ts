import type { OutputUnit, Validator } from "@cfworker/json-schema";
import type { Json, JsonSchema } from "@tau/core";

/** Faults that a reason names. */
const maxFaults = 3;

const compiled = new WeakMap<JsonSchema, Promise<Validator>>();

/** What does not fit a schema, draft 2020-12; empty when all does. A schema is compiled once in its life. */
export async function schemaFaults(schema: JsonSchema, value: Json): Promise<readonly OutputUnit[]> {
  let validator = compiled.get(schema);
  if (validator === undefined) compiled.set(schema, (validator = compile(schema)));
  const { valid, errors } = (await validator).validate(value);
  return valid ? [] : errors;
}

/** Names the first faults: where, and which keyword of the schema. */
export function nameFaults(faults: readonly OutputUnit[]): string {
  const named = faults
    .slice(0, maxFaults)
    .map(({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`);
  return named.join(", ").slice(0, 300);
}

/** Loaded when it is needed: most pipelines check no shapes. */
async function compile(schema: JsonSchema): Promise<Validator> {
  const library = await import("@cfworker/json-schema");
  // A clone, because compiling writes into the schema.
  return new library.Validator(structuredClone(schema), "2020-12", false);
}
