import { createAgentRegistry } from "@tau/runtime";
import type { AgentConfig, AgentRegistry, LazyAgent, Runtime } from "@tau/runtime";

import { assembleAgent } from "./assemble-agent.ts";
import type { AssembledAgent, AssembleOptions } from "./assemble-agent.ts";
import { agentName } from "./agent-name.ts";
import { plannerName, planSettings } from "./plan-mode.ts";

/** The agents of this machine: the one that the settings make, those of its skills, and the one that plans. */
export interface AssembledAgents extends AsyncDisposable, Pick<AssembledAgent, "bootstrap"> {
  readonly agents: AgentRegistry;
  /** Says where the agents of skills run, once that is there. */
  runIn(runtime: Runtime): void;
}

/**
 * Puts the agents of this machine together. The one that plans is made when a run first wants it: it has tools, servers and skills
 * of its own, so that whatever works below it plans, too.
 */
export async function assembleAgents(options: AssembleOptions): Promise<AssembledAgents> {
  const first = await assembleAgent(options);
  let runtime: Runtime | undefined;
  let planning: Promise<AssembledAgent> | undefined;
  const plan = async (): Promise<AssembledAgent> => {
    const made = await assembleAgent({ ...options, settings: planSettings(options.settings) });
    if (runtime !== undefined) made.runIn(runtime);
    return made;
  };
  const planner = (): Promise<AssembledAgent> =>
    (planning ??= plan().catch((error: unknown) => {
      planning = undefined;
      throw error;
    }));
  return {
    agents: createAgentRegistry([...first.agents, ...others(first, planner, options)]),
    bootstrap: first.bootstrap,
    runIn(given) {
      runtime = given;
      first.runIn(given);
    },
    async [Symbol.asyncDispose]() {
      await (await planning?.catch(() => undefined))?.[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
    },
  };
}

/** Those beside the first: where it does, the one that plans; where it plans, nobody does, whatever a run says. */
function others(
  { agents: [agent] }: AssembledAgent,
  planner: () => Promise<AssembledAgent>,
  { settings, model, skills }: AssembleOptions,
): readonly (AgentConfig | LazyAgent)[] {
  if (model === undefined) return [];
  if (settings.plan === true) return [{ ...agent, name: "main" }];
  const below = skills
    .filter(({ backend }) => backend?.kind === "agent")
    .map(({ name }) => agentName(plannerName, name));
  return [plannerName, ...below].map((name) => ({
    name,
    build: async () => {
      const made = (await planner()).agents.find((one) => one.name === name);
      if (made === undefined) throw new TypeError(`There is no agent ${name}.`);
      return made;
    },
  }));
}
