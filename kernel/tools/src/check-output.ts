import { TauError } from "@tau/core";

import { createIssueFinder } from "./json-schema-validator.ts";
import type { IssueFinder } from "./json-schema-validator.ts";
import type { Tool, ToolOutput } from "./tool.ts";

const finders = new WeakMap<Tool, IssueFinder>();

/**
 * Checks the value of an answer by the tool's output schema; undefined when it has none, or the value fits at first
 * sight. An answer without a value does not fit.
 *
 * Rejects with TauError `tool.invalid_output`, which names the places and repeats nothing long; `tool.invalid_schema`
 */
export function checkOutput(tool: Tool, { value, isError }: ToolOutput): Promise<void> | undefined {
  if (tool.outputSchema === undefined || isError === true) return undefined;
  const issuesOf = finders.get(tool) ?? createIssueFinder(tool.name, tool.outputSchema, "output");
  finders.set(tool, issuesOf);
  const issues = value === undefined ? ["there is no value"] : issuesOf(value);
  if (!(issues instanceof Promise) && issues.length === 0) return undefined;
  return refuseIssues(tool, issues);
}

async function refuseIssues(
  tool: Tool,
  found: readonly string[] | Promise<readonly string[]>,
): Promise<void> {
  const issues = await found;
  if (issues.length === 0) return;
  const places = issues.map((issue) => `- ${issue.replace(/^arguments\b/u, "output")}`).join("\n");
  throw new TauError(
    "tool.invalid_output",
    `${tool.name} answered something else than it promised, so its answer is withheld:\n${places}\nThis is the tool's fault; what it did is done. Go on without its answer, or use another tool.`,
  );
}
