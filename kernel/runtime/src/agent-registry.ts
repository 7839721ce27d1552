import { unknownCapabilities } from "@tau/agent";
import type { ModelCapabilities } from "@tau/agent";
import { TauError } from "@tau/core";

import type { AgentConfig } from "./agent-config.ts";

/** An agent that is made when it is first asked for, for example because its tools come from a server. */
export interface LazyAgent {
  readonly name: string;
  /** Asked once; again only when it failed. Answers an agent of that name. */
  build(): AgentConfig | Promise<AgentConfig>;
}

/** The agents that a runtime runs, by name. What changes counts for runs that begin, or go on, afterwards. */
export interface AgentRegistry {
  /** Adds an agent. Throws `agent.exists`, `agent.empty_name`. */
  register(agent: AgentConfig | LazyAgent): void;
  /** Puts an agent in the place of the one of that name. Throws `agent.not_found`. */
  replace(agent: AgentConfig | LazyAgent): void;
  /** Takes an agent out. Runs of it that wait for a person fail when they go on. Throws `agent.not_found`. */
  unregister(name: string): void;
  has(name: string): boolean;
  /** Makes the agent where it is not made yet. Rejects with `agent.not_found`, `agent.wrong_name`, or what its `build` throws. */
  get(name: string): Promise<AgentConfig>;
  /** Their names, in the order in which they came. */
  list(): readonly string[];
  /** What the agent's model can do; makes the agent. Rejects as `get` does. */
  capabilities(name: string): Promise<ModelCapabilities>;
}

/** Makes an {@link AgentRegistry}. Throws as its `register` does. */
export function createAgentRegistry(agents: readonly (AgentConfig | LazyAgent)[] = []): AgentRegistry {
  const entries = new Map<string, () => Promise<AgentConfig>>();

  const known = (name: string): (() => Promise<AgentConfig>) => {
    const entry = entries.get(name);
    if (entry === undefined) throw agentNotFound(name, [...entries.keys()]);
    return entry;
  };

  const registry: AgentRegistry = {
    register(agent) {
      if (agent.name.trim() === "") throw emptyName();
      if (entries.has(agent.name)) throw agentExists(agent.name);
      entries.set(agent.name, maker(agent));
    },
    replace(agent) {
      known(agent.name);
      entries.set(agent.name, maker(agent));
    },
    unregister(name) {
      known(name);
      entries.delete(name);
    },
    has: (name) => entries.has(name),
    get: async (name) => await known(name)(),
    list: () => [...entries.keys()],
    capabilities: async (name) => (await known(name)()).model.capabilities ?? unknownCapabilities,
  };
  for (const agent of agents) registry.register(agent);
  return registry;
}

/** Whoever asks while an agent is being made waits for the same one. */
function maker(agent: AgentConfig | LazyAgent): () => Promise<AgentConfig> {
  if (!("build" in agent)) {
    const made = Promise.resolve(agent);
    return () => made;
  }
  let making: Promise<AgentConfig> | undefined;
  return () => {
    const mine = (making ??= build(agent));
    mine.catch(() => {
      if (making === mine) making = undefined;
    });
    return mine;
  };
}

async function build(agent: LazyAgent): Promise<AgentConfig> {
  const made = await agent.build();
  if (made.name === agent.name) return made;
  throw new TauError(
    "agent.wrong_name",
    `The agent registered as ${JSON.stringify(agent.name)} was built with the name ${JSON.stringify(made.name)}.`,
  );
}

/** The error for an agent that is not configured. */
export function agentNotFound(name: string, known: readonly string[]): TauError {
  const there = known.length === 0 ? "there is none" : `there is: ${known.join(", ")}`;
  return new TauError("agent.not_found", `agent ${JSON.stringify(name)} is not configured; ${there}.`);
}

function agentExists(name: string): TauError {
  return new TauError(
    "agent.exists",
    `There is an agent ${JSON.stringify(name)} already. Choose another name, or replace it.`,
  );
}

function emptyName(): TauError {
  return new TauError("agent.empty_name", "An agent needs a name that is not blank.");
}
