import type { OutputUnit, Validator } from "@cfworker/json-schema";
import { TauError, withinTime } from "@tau/core";
import type { Json, JsonSchema } from "@tau/core";

/** Faults that a reason names. */
const maxFaults = 3;

/** Milliseconds that comparing an answer with a schema may take. */
const maxMs = 250;

const compiled = new WeakMap<JsonSchema, Promise<Validator>>();

/**
 * What does not fit a schema, draft 2020-12; empty when all does. A schema is compiled once in its life.
 *
 * @throws TauError `answer.unusable_schema` for one that refers to itself or to nothing, has a broken pattern, or
 *   takes more than 250 ms to compare: an expression that backtracks would hold up everybody
 */
export async function schemaFaults(schema: JsonSchema, value: Json): Promise<readonly OutputUnit[]> {
  let validator = compiled.get(schema);
  if (validator === undefined) compiled.set(schema, (validator = compile(schema)));
  try {
    const ready = await validator;
    const result = withinTime(maxMs, () => ready.validate(value));
    if (!result.isDone) throw new RangeError(`Comparing took more than ${maxMs} ms.`);
    const { valid, errors } = result.value;
    return valid ? [] : errors;
  } catch (cause) {
    throw new TauError(
      "answer.unusable_schema",
      "The answer cannot be compared with its JSON Schema: the schema has a reference that leads nowhere or in a circle, or a pattern that is none or takes too long. Correct the schema.",
      { cause },
    );
  }
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
