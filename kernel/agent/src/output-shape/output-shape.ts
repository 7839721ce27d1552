import type { JsonSchema } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { toOutputSchema } from "./output-schema.ts";

/** How an answer is held to a schema: by the provider, or as the arguments of a hidden tool. */
export type OutputShape =
  | { readonly kind: "format"; readonly name: string; readonly schema: JsonSchema }
  | { readonly kind: "tool"; readonly schema: JsonSchema };

/**
 * The best way to get an answer of the wanted shape: `enforces` says whether the provider holds the model to a
 * schema. A caller who demands one of the tools gets the call first and asks for the shape again later.
 *
 * @throws TauError `model.unsupported_content` for a shape that arguments of a tool cannot have
 */
export function toOutputShape(
  request: ModelRequest,
  enforces: boolean,
  identity: ModelIdentity,
): OutputShape | undefined {
  const { outputSchema, toolChoice } = request;
  if (outputSchema === undefined) return undefined;
  const strict = enforces && outputSchema.strict !== false;
  const schema = strict ? toOutputSchema(outputSchema.schema) : undefined;
  if (schema !== undefined) return { kind: "format", name: outputSchema.name, schema };
  if (typeof toolChoice === "object" || toolChoice === "required") return undefined;
  if ((outputSchema.schema["type"] ?? "object") !== "object") {
    throw modelError("model.unsupported_content", identity, {
      sentence: "can give only an object for an answer. Put what is wanted into a field of one",
    });
  }
  return { kind: "tool", schema: outputSchema.schema };
}
