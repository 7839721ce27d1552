import type { JsonSchema, ToolDefinition } from "@tau/core";

/** The hidden tool whose arguments are the answer, for models that cannot be held to a schema otherwise. */
export const respondToolName = "__respond_with__";

/** Declares the hidden tool. */
export function toRespondTool(schema: JsonSchema): ToolDefinition {
  return {
    name: respondToolName,
    description: "Gives the final answer. Call it once, when the answer is known, instead of writing text.",
    inputSchema: schema,
  };
}
