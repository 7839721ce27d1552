import { TauError } from "@tau/core";
import type { ToolCallPart, ToolDefinition } from "@tau/core";

import { closestName } from "./closest-name.ts";
import { assertToolName } from "./define-tool.ts";
import type { Environment } from "./environment.ts";
import { errorResult } from "./error-result.ts";
import { prepareCall } from "./prepare-call.ts";
import type { PreparedCall, ReadyCall } from "./prepare-call.ts";
import { runCall } from "./run-call.ts";
import type { ToolRun } from "./run-call.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** Options of {@link createToolRegistry}. */
export interface ToolRegistryOptions {
  /** The first tools. */
  readonly tools?: readonly Tool[];
  /** Characters of text shown to the model, unless the tool says otherwise. Default 30,000. */
  readonly maxChars?: number;
  /** Bytes of text shown to the model, whatever the tool says. Default 100,000, about 25,000 tokens. */
  readonly maxBytes?: number;
  /** Bytes of one picture or file shown to the model. Default 3,750,000, which is 5 MB of base64. */
  readonly maxMediaBytes?: number;
  /** Milliseconds that a cancelled or timed-out tool gets to end by itself. Default 250. */
  readonly graceMs?: number;
}

/** What {@link ToolRegistry.prepare} needs. */
export interface PrepareOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/**
 * The tools that an agent may use.
 *
 * A call goes through `prepare`, which runs nothing, then through the permissions, which decide on the
 * prepared call's `access`, then through `run`. `execute` is the two without permissions in between.
 */
export interface ToolRegistry {
  /** Adds a tool. Throws `tool.exists`, `tool.invalid_name`. */
  register(tool: Tool): void;
  /** Adds a tool in place of the one of that name, if there is one. Throws `tool.invalid_name`. */
  replace(tool: Tool): void;
  /** Throws `tool.not_found`, naming the closest tool. */
  get(name: string): Tool;
  /** Every tool, ordered by name: the same tools are always listed the same, which keeps prompt caches warm. */
  list(): readonly Tool[];
  /** What the model is told of the tools, in the same order. */
  definitions(): readonly ToolDefinition[];
  /** Parses and validates a call. An unknown tool and wrong arguments are a refusal, not an exception. */
  prepare(call: ToolCallPart, options: PrepareOptions): Promise<PreparedCall>;
  /** Runs a prepared call. Throws `signal.reason` when the run is cancelled, and nothing else. */
  run(ready: ReadyCall, context: ToolContext): Promise<ToolRun>;
  /** `prepare`, then `run`. */
  execute(call: ToolCallPart, context: ToolContext): Promise<ToolRun>;
}

/** Makes a {@link ToolRegistry}. */
export function createToolRegistry(options: ToolRegistryOptions = {}): ToolRegistry {
  const tools = new Map<string, Tool>();
  let sorted: readonly Tool[] | undefined;
  let definitions: readonly ToolDefinition[] | undefined;
  const runOptions = {
    maxChars: options.maxChars ?? 30_000,
    maxBytes: options.maxBytes ?? 100_000,
    maxMediaBytes: options.maxMediaBytes ?? 3_750_000,
    graceMs: options.graceMs ?? 250,
  };

  const registry: ToolRegistry = {
    register: (tool) => {
      if (tools.has(tool.name)) {
        throw new TauError(
          "tool.exists",
          `A tool named "${tool.name}" is registered already: choose another name, or call replace.`,
        );
      }
      registry.replace(tool);
    },
    replace: (tool) => {
      assertToolName(tool.name);
      tools.set(tool.name, tool);
      sorted = undefined;
      definitions = undefined;
    },
    get: (name) => {
      const tool = tools.get(name);
      if (tool === undefined) throw new TauError("tool.not_found", notFoundMessage(name, tools));
      return tool;
    },
    list: () => (sorted ??= [...tools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))),
    definitions: () => (definitions ??= registry.list().map(toDefinition)),
    prepare: (call, prepareOptions) => {
      const tool = tools.get(call.name);
      if (tool !== undefined) return prepareCall(tool, call, prepareOptions);
      const code = "tool.not_found";
      const result = errorResult(call, `${code}: ${notFoundMessage(call.name, tools)}`);
      return Promise.resolve({ ok: false, call, code, result });
    },
    run: (ready, context) => runCall(ready, context, runOptions),
    execute: async (call, context) => {
      const prepared = await registry.prepare(call, context);
      if (prepared.ok) return await registry.run(prepared, context);
      return { result: prepared.result, details: {}, artifacts: [], code: prepared.code };
    },
  };
  for (const tool of options.tools ?? []) registry.register(tool);
  return registry;
}

function toDefinition({ name, description, inputSchema }: Tool): ToolDefinition {
  return { name, description, inputSchema };
}

function notFoundMessage(name: string, tools: ReadonlyMap<string, Tool>): string {
  const closest = closestName(name, tools.keys());
  const hint = closest === undefined ? "" : ` Did you mean "${closest}"?`;
  const names = [...tools.keys()].toSorted();
  const list =
    names.length === 0 ? "There are no tools." : `The tools are: ${names.slice(0, 50).join(", ")}.`;
  return `There is no tool named ${JSON.stringify(name.slice(0, 80))}.${hint} ${list}`;
}
