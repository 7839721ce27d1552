import { isJsonObject, parseJson, textOf } from "@tau/core";
import type { Json, JsonObject, JsonSchema, ModelFinished } from "@tau/core";
import type { OutputUnit, Validator } from "@cfworker/json-schema";

import { pass } from "./output-validator.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";

/** Options of {@link jsonShape}. */
export interface JsonShapeOptions {
  /** Default: the one of the request; without any, every answer passes. */
  readonly schema?: JsonSchema;
  /**
   * `strict`: an answer that is not JSON of the shape is rejected. `loose`: whatever JSON is in the text is read, and
   * what is missing is noted. Default: as the request asks its provider (`outputSchema.strict`), else strict.
   */
  readonly mode?: "strict" | "loose";
}

/** Faults named in a reason. */
const maxFaults = 3;

/** Checks that an answer is JSON of a shape. Answers that call tools pass: they are not the last word. */
export function jsonShape(options: JsonShapeOptions = {}): OutputValidator {
  const compiled = new WeakMap<JsonSchema, Promise<Validator>>();

  async function faultsOf(schema: JsonSchema, value: Json): Promise<readonly OutputUnit[]> {
    let validator = compiled.get(schema);
    if (validator === undefined) compiled.set(schema, (validator = compile(schema)));
    const { valid, errors } = (await validator).validate(value);
    return valid ? [] : errors;
  }

  return {
    name: "json_shape",
    async validate({ outputSchema }, answer) {
      const schema = options.schema ?? outputSchema?.schema;
      if (schema === undefined || answer.stopReason === "tool_calls") return pass;
      const isLoose = (options.mode ?? (outputSchema?.strict === false ? "loose" : "strict")) === "loose";
      return isLoose
        ? await judgeLoosely(schema, answer, faultsOf)
        : await judgeStrictly(schema, answer, faultsOf);
    },
  };
}

type FaultsOf = (schema: JsonSchema, value: Json) => Promise<readonly OutputUnit[]>;

async function judgeStrictly(
  schema: JsonSchema,
  answer: ModelFinished,
  faultsOf: FaultsOf,
): Promise<Verdict> {
  const parsed = parseJson(textOf(answer.message));
  if (!parsed.ok) return { kind: "reject", reason: "the answer is not JSON" };
  const faults = await faultsOf(schema, parsed.value);
  if (faults.length === 0) return pass;
  const named = faults
    .slice(0, maxFaults)
    .map(({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`);
  return { kind: "reject", reason: `the answer does not have the shape: ${named.join(", ").slice(0, 300)}` };
}

async function judgeLoosely(schema: JsonSchema, answer: ModelFinished, faultsOf: FaultsOf): Promise<Verdict> {
  const value = findJson(textOf(answer.message));
  if (value === undefined) return { kind: "annotate", metrics: { parsed: false } };
  const faults = await faultsOf(schema, value);
  const missing = missingIn(schema, value).join(",").slice(0, 300);
  return { kind: "annotate", metrics: { parsed: true, faults: faults.length, missing } };
}

/** The JSON of a text: all of it, what stands in a fence, or from the first bracket to the last. */
function findJson(text: string): Json | undefined {
  const fenced = /```(?:json)?\s*\n(.*?)```/s.exec(text)?.[1];
  const start = text.search(/[{[]/);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]"));
  const candidates = [text, fenced, start === -1 ? undefined : text.slice(start, end + 1)];
  for (const candidate of candidates) {
    const parsed = candidate === undefined ? undefined : parseJson(candidate);
    if (parsed?.ok === true) return parsed.value;
  }
  return undefined;
}

function missingIn(schema: JsonObject, value: Json): readonly string[] {
  const required = schema["required"];
  if (!Array.isArray(required) || !isJsonObject(value)) return [];
  return required.filter((name) => typeof name === "string" && !Object.hasOwn(value, name));
}

/** Loaded when it is needed: most pipelines check no shapes. */
async function compile(schema: JsonSchema): Promise<Validator> {
  const library = await import("@cfworker/json-schema");
  // A clone, because compiling writes into the schema.
  return new library.Validator(structuredClone(schema), "2020-12", false);
}
