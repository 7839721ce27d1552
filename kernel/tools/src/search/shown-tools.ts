import type { Tool } from "../tool.ts";

/** Which tools are shown with their schemas, and which only by the name of their group. */
export interface ShownTools {
  readonly shown: readonly Tool[];
  /** Groups by name, in order; each with its tools in order. Empty: everything is shown. */
  readonly groups: ReadonlyMap<string, readonly Tool[]>;
}

/** Options of the search among very many tools. */
export interface ToolSearchOptions {
  /** More tools than these are not shown to a model one by one. Default 64. */
  readonly above?: number;
  /** Names of tools that are shown however many there are. */
  readonly always?: readonly string[];
}

/** The group of tools that belong to none, when even those are too many. */
const others = "other";

/** Parts the tools, which are ordered by name. */
export function partTools(
  tools: readonly Tool[],
  { above = 64, always = [] }: ToolSearchOptions,
): ShownTools {
  if (tools.length <= above) return { shown: tools, groups: new Map() };
  const groupOf = (tool: Tool): string | undefined =>
    always.includes(tool.name) ? undefined : ownGroup(tool);
  const tooMany = tools.filter((tool) => groupOf(tool) === undefined).length > above;
  const shown: Tool[] = [];
  const groups = new Map<string, Tool[]>();
  for (const tool of tools) {
    const group = groupOf(tool) ?? (tooMany && !always.includes(tool.name) ? others : undefined);
    if (group === undefined) {
      shown.push(tool);
      continue;
    }
    const members = groups.get(group) ?? [];
    groups.set(group, members);
    members.push(tool);
  }
  return { shown, groups: new Map([...groups].toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function ownGroup({ group, name }: Tool): string | undefined {
  const end = name.indexOf("__");
  return group ?? (end > 0 ? name.slice(0, end) : undefined);
}
