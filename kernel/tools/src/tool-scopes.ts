import type { Principal } from "@tau/core";

import type { Tool } from "./tool.ts";

/** The scopes that a principal lacks for a tool; all of the tool's when nobody is named. */
export function missingScopes(
  { scopes = [] }: Pick<Tool, "scopes">,
  principal: Pick<Principal, "scopes"> | undefined,
): readonly string[] {
  return principal === undefined ? scopes : scopes.filter((scope) => !principal.scopes.includes(scope));
}

/** What the caller is told who lacks scopes. */
export function missingScopeMessage(tool: string, missing: readonly string[]): string {
  return `${tool} needs the scope ${missing.join(" and ")}, which the caller does not have. Use another tool, or ask the person for access.`;
}
