import { completeAnswer } from "@tau/agent";
import type { Model, ModelRequest } from "@tau/agent";
import { isJsonObject, parseJson, TauError, textOf, toolCallsOf } from "@tau/core";
import type { CallContext, Json, JsonSchema, ModelFinished } from "@tau/core";

import { findJson } from "./find-json.ts";
import { nameFaults, schemaFaults } from "./schema-faults.ts";

/**
 * How a model was brought to answer in a shape: held to the schema by the provider, in a mode that gives some JSON,
 * by a tool that it was forced to call, or only by asking.
 */
export type ObjectMethod = "strict_schema" | "json_mode" | "forced_tool" | "instructed";

/** A question whose answer is data. It offers no tools: their calls would be answers of another kind. */
export interface ObjectRequest extends Omit<ModelRequest, "tools" | "toolChoice" | "outputSchema"> {
  /** `strict` (the default): what does not fit the schema is an error. Otherwise faults are told beside the value. */
  readonly outputSchema: NonNullable<ModelRequest["outputSchema"]>;
}

/** An answer that is data, however it was come by. */
export interface ObjectAnswer {
  readonly value: Json;
  /** As the model wrote it. */
  readonly text: string;
  readonly method: ObjectMethod;
  /** Where the value does not fit the schema; always empty for a strict request. */
  readonly faults: readonly string[];
  readonly finished: ModelFinished;
}

const toolName = "__respond_with__";

/**
 * Asks a model for JSON of a schema, by the best way that it is known to have, and checks what comes back whoever
 * promised what. A model of which nothing is known is asked as if it could be held to the schema.
 *
 * @throws TauError `answer.wrong_shape`, `answer.unusable_schema`, and what the model throws; the reason of `context.signal`
 */
export async function completeObject(
  model: Model,
  request: ObjectRequest,
  context: CallContext,
): Promise<ObjectAnswer> {
  const method = methodOf(model);
  const finished = await completeAnswer(model, toModelRequest(request, method), context);
  const { schema, strict = true } = request.outputSchema;
  const text = method === "forced_tool" ? argumentsOf(finished) : textOf(finished.message);
  const written = strict ? strictJson(text, method) : findJson(text);
  const value = method === "forced_tool" ? unwrapped(written, schema) : written;
  if (value === undefined) throw wrongShape(model, finished, "it is not JSON");
  const faults = await schemaFaults(schema, value);
  if (strict && faults.length > 0) throw wrongShape(model, finished, nameFaults(faults));
  const named = faults.map(({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`);
  return { value, text, method, faults: named, finished };
}

function methodOf({ capabilities }: Model): ObjectMethod {
  switch (capabilities?.structuredOutput) {
    case "json_mode":
    case "forced_tool":
      return capabilities.structuredOutput;
    case "none":
      return "instructed";
    default:
      return "strict_schema";
  }
}

function toModelRequest(request: ObjectRequest, method: ObjectMethod): ModelRequest {
  const { outputSchema, ...rest } = request;
  const { name, schema } = outputSchema;
  switch (method) {
    case "strict_schema":
      return { ...rest, outputSchema, tools: [] };
    case "json_mode":
      return { ...withInstruction(rest, schema), outputSchema, tools: [] };
    case "forced_tool": {
      const description = `Gives the final answer: ${name}. Call it instead of writing text.`;
      const tool = { name: toolName, description, inputSchema: asObject(schema) };
      return { ...rest, tools: [tool], toolChoice: { name: toolName } };
    }
    default:
      return { ...withInstruction(rest, schema), tools: [] };
  }
}

/** In JSON mode, and without any, a model learns of the schema only from its instructions. */
function withInstruction(
  request: Omit<ObjectRequest, "outputSchema">,
  schema: JsonSchema,
): Omit<ObjectRequest, "outputSchema"> {
  const order = `Answer with JSON of this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`;
  const { system = "" } = request;
  return { ...request, system: system === "" ? order : `${system}\n\n${order}` };
}

/** The arguments of a tool are an object; any other value travels in a field of one. */
function asObject(schema: JsonSchema): JsonSchema {
  if (isObjectSchema(schema)) return schema;
  return { type: "object", properties: { value: schema }, required: ["value"], additionalProperties: false };
}

function isObjectSchema(schema: JsonSchema): boolean {
  return schema["type"] === "object" || (schema["type"] === undefined && schema["properties"] !== undefined);
}

function argumentsOf({ message }: ModelFinished): string {
  const call = toolCallsOf(message).find(({ name }) => name === toolName);
  return call?.arguments ?? textOf(message);
}

function unwrapped(value: Json | undefined, schema: JsonSchema): Json | undefined {
  return isObjectSchema(schema) || !isJsonObject(value) ? value : value["value"];
}

/** Who was only asked may put a fence around its answer. */
function strictJson(text: string, method: ObjectMethod): Json | undefined {
  if (method === "instructed") return findJson(text);
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : undefined;
}

function wrongShape({ id, provider }: Model, { stopReason }: ModelFinished, reason: string): TauError {
  const cut = stopReason === "length" ? " It was cut at the limit of its length: allow more tokens." : "";
  return new TauError(
    "answer.wrong_shape",
    `The answer of model "${id}" of provider "${provider}" does not have the shape that was asked for: ${reason}.${cut}`,
    { details: { provider, model: id, stopReason } },
  );
}
