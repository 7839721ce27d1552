import type { Model } from "@tau/agent";
import type { ContextEntry } from "@tau/core";
import type { Layer } from "@tau/pipeline";
import type { Hook } from "@tau/runtime";
import type { Skill } from "@tau/skills";
import { createModuleRegistry } from "@tau/tools";
import type { Module } from "@tau/tools";

import { openExtraTools } from "./extra-tools.ts";
import { localAgent } from "./local-agent.ts";
import type { LocalAgentOptions } from "./local-agent.ts";
import type { OpenServers } from "./mcp/open-servers.ts";
import { withMemory } from "./memory/remembering-agent.ts";
import { withSkills } from "./skilled-agent.ts";
import type { SkilledAgent } from "./skilled-agent.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@link assembleAgent}. */
export interface AssembleOptions extends LocalAgentOptions {
  /** Those that count. */
  readonly skills: readonly Skill[];
  /** What stands around the model. */
  readonly layers: readonly Layer[];
  /** The terminal of a person whom MCP servers may ask. */
  readonly person?: Terminal;
  readonly hooks?: readonly Hook[];
}

/** The agent of this machine with everything that it may use. Disposing ends what its tools opened. */
export interface AssembledAgent extends SkilledAgent, AsyncDisposable {
  /** What its sessions begin with that are made now. */
  readonly bootstrap: () => Promise<readonly ContextEntry[]>;
  /** Where each tool comes from, by its name: `built-in`, a set of `extraTools`, `mcp`, `memory`, `skills`. */
  readonly sources: ReadonlyMap<string, string>;
}

/** Puts the agent together: built-in tools, optional ones, those of MCP servers, the memory and skills. Without a model, the first alone. */
export async function assembleAgent(options: AssembleOptions): Promise<AssembledAgent> {
  const { settings, skills, layers, hooks = [] } = options;
  const sources = new Map<string, string>();
  const sets = options.model === undefined ? [] : await openExtraTools(settings);
  const theirs = sets.flatMap(({ module }) => module.hooks ?? []);
  const agent = { ...localAgent(options, layers), hooks: [...hooks, ...theirs] };
  const note = (source: string): void => {
    for (const { name } of agent.tools.list()) if (!sources.has(name)) sources.set(name, source);
  };
  note("built-in");
  await using opened = new AsyncDisposableStack();
  if (options.model !== undefined) {
    const extra = sets.map(({ row, module }): Module => ({
      ...module,
      tools: () => {
        const tools = module.tools();
        for (const { name } of tools) sources.set(name, row.name);
        return tools;
      },
    }));
    const modules = opened.use(createModuleRegistry(agent.tools, extra));
    await modules.start(new AbortController().signal);
    const servers = opened.use((await openMcpServers(options, agent.model)) ?? null);
    for (const tool of servers?.client.tools() ?? []) agent.tools.register(tool);
    note("mcp");
  }
  const remembering = await withMemory(agent, settings);
  note("memory");
  const skilled = await withSkills(remembering.agent, skills);
  note("skills");
  const held = opened.move();
  return {
    ...skilled,
    sources,
    bootstrap: remembering.bootstrap,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The approved MCP servers; most folders name none, and need nothing of this. */
async function openMcpServers(
  { settings, person }: Pick<AssembleOptions, "settings" | "person">,
  model: Model,
): Promise<OpenServers | undefined> {
  if (settings.mcp === undefined) return undefined;
  const { openServers } = await import("./mcp/open-servers.ts");
  return await openServers({
    settings,
    env: process.env,
    model,
    // Whoever decides elsewhere, in another process or through a server, may as well answer a question.
    asksInRun: settings.approve !== "never",
    ...(person === undefined ? {} : { person }),
  });
}
