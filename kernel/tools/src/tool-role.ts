import type { Principal, SideEffectClass } from "@tau/core";

import { matchesWildcard, toWildcard } from "./permissions/wildcard.ts";
import { missingScopes } from "./tool-scopes.ts";
import type { Tool } from "./tool.ts";

/** What an agent in this role sees of a registry. */
export interface ToolRole {
  /** Names, in which `*` stands for any characters. Default: every tool. */
  readonly tools?: readonly string[];
  /** Names that it does not see, whatever `tools` says. */
  readonly except?: readonly string[];
  /** Classes that it sees. Default: all four. */
  readonly sideEffects?: readonly SideEffectClass[];
}

/** For whom tools are listed. */
export interface ToolViewer {
  /** Tools whose scopes it lacks are not shown. */
  readonly principal?: Pick<Principal, "scopes">;
  /** A role of the registry. Default: none, which sees everything that the principal may use. */
  readonly role?: string;
}

/** Tells whether somebody in this role, with these scopes, is shown the tool. */
export function isVisible(
  tool: Tool,
  role: ToolRole | undefined,
  principal: ToolViewer["principal"],
): boolean {
  if (principal !== undefined && missingScopes(tool, principal).length > 0) return false;
  if (role === undefined) return true;
  const { tools, except = [], sideEffects } = role;
  const isNamed = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matchesWildcard(toWildcard(pattern), tool.name));
  if (tools !== undefined && !isNamed(tools)) return false;
  return !isNamed(except) && (sideEffects === undefined || sideEffects.includes(tool.sideEffect));
}
