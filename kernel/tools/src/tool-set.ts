import { TauError } from "@tau/core";
import type { ToolCallPart, ToolDefinition } from "@tau/core";

import { aliasedCall } from "./alias/tool-alias.ts";
import type { ToolAliases } from "./alias/tool-alias.ts";
import { closestName } from "./closest-name.ts";
import { errorResult } from "./error-result.ts";
import { prepareCall } from "./prepare-call.ts";
import type { PreparedCall, PrepareOptions, ReadyCall } from "./prepare-call.ts";
import type { ToolRun } from "./run-call.ts";
import {
  callToolName,
  createCallTool,
  createSearchTool,
  retargeted,
  targetOf,
} from "./search/search-tools.ts";
import { partTools } from "./search/shown-tools.ts";
import type { ToolSearchOptions } from "./search/shown-tools.ts";
import type { Tool, ToolContext } from "./tool.ts";

/**
 * Tools that somebody may use.
 *
 * A call goes through `prepare`, which runs nothing, then through the permissions, which decide on the
 * prepared call's `access`, then through `run`. `execute` is the two without permissions in between.
 */
export interface ToolSet {
  /** Throws `tool.not_found`, naming the closest tool. */
  get(name: string): Tool;
  /** Every tool, ordered by name: the same tools are always listed the same, which keeps prompt caches warm. */
  list(): readonly Tool[];
  /**
   * What the model is told of the tools, in the same order. Of very many it is told the names of groups, and two tools
   * to find and to call the others: `tool_search` and `tool_call`.
   */
  definitions(): readonly ToolDefinition[];
  /**
   * Parses and validates a call, at once where it can. An unknown tool and wrong arguments are a refusal, not an exception.
   */
  prepare(call: ToolCallPart, options: PrepareOptions): Promise<PreparedCall> | PreparedCall;
  /** Runs a prepared call. Throws `signal.reason` when the run is cancelled, and nothing else. */
  run(ready: ReadyCall, context: ToolContext): Promise<ToolRun>;
  /** `prepare`, then `run`. */
  execute(call: ToolCallPart, context: ToolContext): Promise<ToolRun>;
}

/** What a {@link ToolSet} shows. */
export interface ToolSource {
  /** Changes whenever a tool comes, goes or is exchanged. */
  version(): number;
  tools(): IteratorObject<Tool>;
  readonly search: ToolSearchOptions;
  readonly aliases: ToolAliases;
  run(ready: ReadyCall, context: ToolContext): Promise<ToolRun>;
}

/** Makes a {@link ToolSet} that always shows what its source has. */
export function createToolSet(source: ToolSource): ToolSet {
  let seen: Seen | undefined;
  const current = (): Seen => {
    if (seen?.version !== source.version()) seen = see(source);
    return seen;
  };
  const set: ToolSet = {
    get: (name) => {
      const { byName } = current();
      const tool = byName.get(name);
      if (tool === undefined) throw new TauError("tool.not_found", notFoundMessage(name, byName));
      return tool;
    },
    list: () => current().sorted,
    definitions: () => current().definitions,
    prepare: (call, options) => {
      const { byName, isSearched } = current();
      const aliased = byName.has(call.name) ? undefined : aliasedCall(call, source.aliases, byName);
      if (aliased !== undefined) return prepareAliased(byName, { call, aliased }, options);
      return isSearched && call.name === callToolName
        ? prepareTarget(byName, call, options)
        : prepareNamed(byName, call, options);
    },
    run: (ready, context) => source.run(ready, context),
    execute: async (call, context) => {
      const prepared = await set.prepare(call, context);
      if (prepared.ok) return await set.run(prepared, context);
      return { result: prepared.result, details: {}, artifacts: [], code: prepared.code };
    },
  };
  return set;
}

type Tools = ReadonlyMap<string, Tool>;

function prepareNamed(
  tools: Tools,
  call: ToolCallPart,
  options: PrepareOptions,
): Promise<PreparedCall> | PreparedCall {
  const tool = tools.get(call.name);
  if (tool !== undefined) return prepareCall(tool, call, options);
  const code = "tool.not_found";
  const result = errorResult(call, `${code}: ${notFoundMessage(call.name, tools)}`);
  return { ok: false, call, code, result };
}

/** Prepares the call that a `tool_call` stands for: its checks, rules and class are those of the tool that it names. */
async function prepareTarget(
  tools: Tools,
  call: ToolCallPart,
  options: PrepareOptions,
): Promise<PreparedCall> {
  const target = targetOf(call);
  if (target === undefined) {
    const code = "tool.invalid_arguments";
    const text = `${code}: ${callToolName} takes {"tool": "…", "arguments": {…}}.`;
    return { ok: false, call, code, result: errorResult(call, text) };
  }
  const prepared = await prepareNamed(tools, target, options);
  if (prepared.ok)
    return { ...prepared, call, rewritten: (args) => retargeted(call, prepared.tool.name, args) };
  return { ...prepared, call, result: { ...prepared.result, name: call.name } };
}

/** Prepares a call by another name: its checks, rules and class are those of the tool. */
async function prepareAliased(
  tools: Tools,
  { call, aliased }: { readonly call: ToolCallPart; readonly aliased: ToolCallPart },
  options: PrepareOptions,
): Promise<PreparedCall> {
  const prepared = await prepareNamed(tools, aliased, options);
  if (!prepared.ok) return { ...prepared, call, result: { ...prepared.result, name: call.name } };
  return { ...prepared, call, rewritten: (args) => ({ ...call, arguments: JSON.stringify(args) }) };
}

interface Seen {
  readonly version: number;
  readonly byName: ReadonlyMap<string, Tool>;
  readonly sorted: readonly Tool[];
  readonly definitions: readonly ToolDefinition[];
  /** Whether some are not shown one by one. */
  readonly isSearched: boolean;
}

function see(source: ToolSource): Seen {
  const sorted = [...source.tools()].toSorted(inOrder);
  const parts = partTools(sorted, source.search);
  const isSearched = parts.groups.size > 0;
  const helpers = isSearched ? [createCallTool(), createSearchTool(parts)] : [];
  return {
    version: source.version(),
    byName: new Map([...sorted, ...helpers].map((tool) => [tool.name, tool])),
    sorted,
    definitions: [...parts.shown, ...helpers].toSorted(inOrder).map(toDefinition),
    isSearched,
  };
}

function inOrder(a: Tool, b: Tool): number {
  return a.name < b.name ? -1 : 1;
}

function toDefinition({ name, description, inputSchema, native }: Tool): ToolDefinition {
  return { name, description, inputSchema, ...(native === undefined ? {} : { native }) };
}

function notFoundMessage(name: string, tools: ReadonlyMap<string, Tool>): string {
  const closest = closestName(name, tools.keys());
  const hint = closest === undefined ? "" : ` Did you mean "${closest}"?`;
  const names = [...tools.keys()];
  const list =
    names.length === 0 ? "There are no tools." : `The tools are: ${names.slice(0, 50).join(", ")}.`;
  return `There is no tool named ${JSON.stringify(name.slice(0, 80))}.${hint} ${list}`;
}
