import { TauError } from "@tau/core";

import type { ToolAliases } from "./alias/tool-alias.ts";
import { assertToolName } from "./define-tool.ts";
import { createReplayingRun } from "./replay/replaying-run.ts";
import { runCall, startCall } from "./run-call.ts";
import { callToolName, searchToolName } from "./search/search-tools.ts";
import type { ToolSearchOptions } from "./search/shown-tools.ts";
import { isVisible } from "./tool-role.ts";
import type { ToolRole, ToolViewer } from "./tool-role.ts";
import { createToolSet } from "./tool-set.ts";
import type { ToolSet, ToolSource } from "./tool-set.ts";
import type { Tool } from "./tool.ts";

/** Options of {@link createToolRegistry}. */
export interface ToolRegistryOptions {
  /** The first tools. */
  readonly tools?: readonly Tool[];
  /** Other names by which tools may be called, such as `agentToolAliases`. Not listed to models. Default: none. */
  readonly aliases?: ToolAliases;
  /** What agents see, by the name of their role. */
  readonly roles?: Readonly<Record<string, ToolRole>>;
  /** What is shown of very many tools: those that belong to a group can be searched, the others are listed. */
  readonly search?: ToolSearchOptions;
  /** Characters of text shown to the model, unless the tool says otherwise. Default 30,000. */
  readonly maxChars?: number;
  /** Bytes of text shown to the model, whatever the tool says. Default 100,000, about 25,000 tokens. */
  readonly maxBytes?: number;
  /** Bytes of one picture or file shown to the model. Default 3,750,000, which is 5 MB of base64. */
  readonly maxMediaBytes?: number;
  /** Milliseconds that a cancelled or timed-out tool gets to end by itself. Default 250. */
  readonly graceMs?: number;
  /** Bytes of answers that are kept for tools with `cache`, and for effects that are run again. Default 16 MB. */
  readonly maxKeptBytes?: number;
  /** Milliseconds since some fixed moment. Default `performance.now`. */
  readonly now?: () => number;
}

/** All tools that agents may use, each in its view. */
export interface ToolRegistry extends ToolSet {
  /** Adds a tool. Throws `tool.exists`, `tool.invalid_name`. */
  register(tool: Tool): void;
  /** Adds a tool in place of the one of that name, if there is one. Throws `tool.invalid_name`. */
  replace(tool: Tool): void;
  /** Takes a tool out; tells whether there was one. Calls under way go on. */
  remove(name: string): boolean;
  /**
   * The tools that this viewer may use and no others: what it may not use is neither listed nor named nor run. Follows
   * the registry. Throws `tool.unknown_role`.
   */
  viewFor(viewer: ToolViewer): ToolSet;
}

/** Views that are kept for whoever comes with the same role and scopes: every run asks for one. */
const maxViews = 200;

/** Makes a {@link ToolRegistry}. */
export function createToolRegistry(options: ToolRegistryOptions = {}): ToolRegistry {
  const tools = new Map<string, Tool>();
  const views = new Map<string, ToolSet>();
  let version = 0;
  const runOptions = {
    maxChars: options.maxChars ?? 30_000,
    maxBytes: options.maxBytes ?? 100_000,
    maxMediaBytes: options.maxMediaBytes ?? 3_750_000,
    graceMs: options.graceMs ?? 250,
  };
  const sharedOptions = { ...runOptions, isShared: true };
  const source: ToolSource = {
    version: () => version,
    tools: () => tools.values(),
    search: options.search ?? {},
    aliases: options.aliases ?? {},
    run: createReplayingRun({
      run: (ready, context) => runCall(ready, context, runOptions),
      start: (ready, request) => startCall(ready, request, sharedOptions),
      maxBytes: options.maxKeptBytes ?? 16_000_000,
      now: options.now ?? (() => performance.now()),
    }),
  };

  const registry: ToolRegistry = {
    ...createToolSet(source),
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
      if (tool.name === searchToolName || tool.name === callToolName) {
        throw new TauError("tool.invalid_name", `The name "${tool.name}" is Tau's own: choose another one.`);
      }
      tools.set(tool.name, tool);
      version += 1;
    },
    remove: (name) => {
      version += 1;
      return tools.delete(name);
    },
    viewFor: ({ principal, role }) => {
      const rules = role === undefined ? undefined : roleOf(options.roles ?? {}, role);
      const key = JSON.stringify([role, principal?.scopes]);
      const view =
        views.get(key) ??
        createToolSet({
          ...source,
          tools: () => source.tools().filter((tool) => isVisible(tool, rules, principal)),
        });
      views.delete(key);
      views.set(key, view);
      const [oldest] = views.keys();
      if (views.size > maxViews && oldest !== undefined) views.delete(oldest);
      return view;
    },
  };
  for (const tool of options.tools ?? []) registry.register(tool);
  return registry;
}

function roleOf(roles: Readonly<Record<string, ToolRole>>, name: string): ToolRole {
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role !== undefined) return role;
  throw new TauError(
    "tool.unknown_role",
    `The tools have no role ${JSON.stringify(name.slice(0, 80))}; there is: ${Object.keys(roles).join(", ") || "none"}.`,
  );
}
