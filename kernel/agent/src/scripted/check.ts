import { isJsonObject, TauError } from "@tau/core";
import type { Json } from "@tau/core";

/** Checks one value; `path` names it in the error. */
export type Check = (value: Json, path: string) => void;

/** Makes the error of a field that is not as it must be. */
export function invalidField(path: string, reason: string): TauError {
  return new TauError("transcript.invalid", `transcript${path} ${reason}.`);
}

/** A string. */
export const text: Check = (value, path) => {
  if (typeof value !== "string") throw invalidField(path, `must be a string, not ${nameOf(value)}`);
};

/** An integer of at least `least`. */
export function integer(least: number): Check {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
      throw invalidField(path, `must be an integer of at least ${least}, not ${JSON.stringify(value)}`);
    }
  };
}

/** One of the given words. */
export function oneOf(words: readonly string[]): Check {
  return (value, path) => {
    if (typeof value !== "string" || !words.includes(value)) {
      throw invalidField(path, `must be one of ${words.join(", ")}, not ${JSON.stringify(value)}`);
    }
  };
}

/** A list of which every element passes `check`. */
export function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalidField(path, `must be a list, not ${nameOf(value)}`);
    for (const [index, element] of value.entries()) check(element, `${path}[${index}]`);
  };
}

/** An object with no other fields than these; those in `required` must be there. */
export function record(fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isJsonObject(value)) throw invalidField(path, `must be an object, not ${nameOf(value)}`);
    for (const name of required) {
      if (value[name] === undefined) throw invalidField(`${path}.${name}`, "is missing");
    }
    for (const [name, field] of Object.entries(value)) {
      const check = fields[name];
      if (check === undefined) {
        throw invalidField(`${path}.${name}`, `is not a field; known are ${Object.keys(fields).join(", ")}`);
      }
      check(field, `${path}.${name}`);
    }
  };
}

function nameOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
