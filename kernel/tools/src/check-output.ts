import { TauError } from "@tau/core";

import { createIssueFinder } from "./json-schema-validator.ts";
import type { Tool, ToolOutput } from "./tool.ts";

const finders = new WeakMap<Tool, ReturnType<typeof createIssueFinder>>();

/**
 * Checks the value of an answer by the tool's output schema, if it has one. An answer without a value does not fit.
 *
 * @throws TauError `tool.invalid_output`, which names the places and repeats nothing long; `tool.invalid_schema`
 */
export async function checkOutput(tool: Tool, { value, isError }: ToolOutput): Promise<void> {
  if (tool.outputSchema === undefined || isError === true) return;
  const issuesOf = finders.get(tool) ?? createIssueFinder(tool.name, tool.outputSchema, "output");
  finders.set(tool, issuesOf);
  const issues = value === undefined ? ["there is no value"] : await issuesOf(value);
  if (issues.length === 0) return;
  const places = issues.map((issue) => `- ${issue.replace(/^arguments\b/u, "output")}`).join("\n");
  throw new TauError(
    "tool.invalid_output",
    `${tool.name} answered something else than it promised, so its answer is withheld:\n${places}\nThis is the tool's fault; what it did is done. Go on without its answer, or use another tool.`,
  );
}
