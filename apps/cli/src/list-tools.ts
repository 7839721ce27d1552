import type { Principal, SideEffectClass } from "@tau/core";
import type { AgentConfig } from "@tau/runtime";
import type { Tool, ToolSet } from "@tau/tools";

import { denyingRules } from "./denying-rules.ts";
import { extraTools, isUsed } from "./extra-tools.ts";
import type { Settings } from "./settings.ts";

/** One tool, and whether the agent's model is told of it. */
export interface ListedTool {
  readonly kind: "tool";
  readonly name: string;
  /** `built-in`, a set of `extraTools`, `mcp`, `memory` or `skills`. */
  readonly source: string;
  readonly sideEffect: SideEffectClass;
  readonly scopes: readonly string[];
  /** `searched`: the model finds it by `tool_search`. */
  readonly visible: "yes" | "searched" | "no";
  /** Why not, in a few words. */
  readonly why?: string;
  /** The rule that denies every call of it, and its layer. */
  readonly denied?: string;
}

/** A set of tools that is not there. */
export interface ListedSet {
  readonly kind: "set";
  readonly name: string;
  readonly visible: "no";
  /** How it is turned on. */
  readonly why: string;
}

/** What {@link listTools} looks at. */
export interface ListToolsOptions {
  readonly agent: Pick<AgentConfig, "tools" | "role">;
  readonly sources: ReadonlyMap<string, string>;
  readonly settings: Settings;
  readonly principal: Principal;
}

/** Every tool of an agent, in the order in which its model is told of them, and why it may not be told of one. */
export function listTools({ agent, sources, settings, principal }: ListToolsOptions): readonly ListedTool[] {
  const { tools, role } = agent;
  const inRole = tools.viewFor(role === undefined ? {} : { role });
  const view = tools.viewFor({ principal, ...(role === undefined ? {} : { role }) });
  const shown = new Set(view.definitions().map(({ name }) => name));
  const denies = denyingRules(settings);
  return tools.list().map((tool): ListedTool => {
    const { name, sideEffect, scopes = [] } = tool;
    const denied = denies(tool);
    const listed = {
      kind: "tool",
      name,
      source: sources.get(name) ?? "built-in",
      sideEffect,
      scopes,
      ...(denied === undefined ? {} : { denied }),
    } as const;
    if (shown.has(name)) return { ...listed, visible: "yes" };
    const above = settings.agent.search_tools_above;
    const found = `there are more than ${above ?? "64"} tools: tool_search finds it`;
    if (has(view, tool)) return { ...listed, visible: "searched", why: found };
    const why = has(inRole, tool)
      ? `it needs the scope ${scopes.filter((scope) => !principal.scopes.includes(scope)).join(" and ")}`
      : `the role ${role} does not see it`;
    return { ...listed, visible: "no", why };
  });
}

/** The sets of tools that are not on, and how to turn each on. */
export function listSets(settings: Settings): readonly ListedSet[] {
  return extraTools
    .filter((row) => !isUsed(row, settings))
    .map(({ name, section = "tools", needsKeys = false }): ListedSet => {
      const inFile = needsKeys ? `[${section}.${name}]` : `[${section}] ${name} = true`;
      const flag = needsKeys ? "" : `--with ${name}, or `;
      return { kind: "set", name, visible: "no", why: `off: ${flag}${inFile} in tau.toml` };
    });
}

function has(view: ToolSet, tool: Tool): boolean {
  return view.list().includes(tool);
}
