import { isJsonObject, parseJson, textOf } from "@tau/core";
import type { Json, JsonObject, JsonSchema, ModelFinished } from "@tau/core";

import { findJson } from "../structured/find-json.ts";
import { nameFaults, schemaFaults } from "../structured/schema-faults.ts";
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

/** Checks that an answer is JSON of a shape. Answers that call tools pass: they are not the last word. */
export function jsonShape(options: JsonShapeOptions = {}): OutputValidator {
  return {
    name: "json_shape",
    async validate({ outputSchema }, answer) {
      const schema = options.schema ?? outputSchema?.schema;
      if (schema === undefined || answer.stopReason === "tool_calls") return pass;
      const isLoose = (options.mode ?? (outputSchema?.strict === false ? "loose" : "strict")) === "loose";
      return isLoose ? await judgeLoosely(schema, answer) : await judgeStrictly(schema, answer);
    },
  };
}

async function judgeStrictly(schema: JsonSchema, answer: ModelFinished): Promise<Verdict> {
  const parsed = parseJson(textOf(answer.message));
  if (!parsed.ok) return { kind: "reject", reason: "the answer is not JSON" };
  const faults = await schemaFaults(schema, parsed.value);
  if (faults.length === 0) return pass;
  return { kind: "reject", reason: `the answer does not have the shape: ${nameFaults(faults)}` };
}

async function judgeLoosely(schema: JsonSchema, answer: ModelFinished): Promise<Verdict> {
  const value = findJson(textOf(answer.message));
  if (value === undefined) return { kind: "annotate", metrics: { parsed: false } };
  const faults = await schemaFaults(schema, value);
  const missing = missingIn(schema, value).join(",").slice(0, 300);
  return { kind: "annotate", metrics: { parsed: true, faults: faults.length, missing } };
}

function missingIn(schema: JsonObject, value: Json): readonly string[] {
  const required = schema["required"];
  if (!Array.isArray(required) || !isJsonObject(value)) return [];
  return required.filter((name) => typeof name === "string" && !Object.hasOwn(value, name));
}
