import type { AgentConfig, Runtime } from "@tau/runtime";
import type { Skill } from "@tau/skills";

import type { LocalSkillHost } from "./skill-host.ts";

/** The largest part of a model's window that the list of skills takes, and what it takes of no window. */
const shareOfWindow = 0.02;
const mostTokens = 8_000;
/** Where nobody knows the window. */
const assumedWindow = 100_000;

/** An agent that knows skills, and the agents that these skills run. */
export interface SkilledAgent {
  /** The agent itself first. */
  readonly agents: readonly [AgentConfig, ...AgentConfig[]];
  /** Says where the agents of skills run, once that is there. */
  runIn(runtime: Runtime): void;
}

/**
 * Lets an agent look up skills and run those that do their work by themselves: the list in its instructions, the tools, and
 * `allowed-tools` on top of its rules.
 */
export async function withSkills(agent: AgentConfig, skills: readonly Skill[]): Promise<SkilledAgent> {
  if (skills.length === 0) return { agents: [agent], runIn: () => undefined };
  const { createSkillRunTool, createSkillScriptTool, createSkillTool, narrowToSkills, renderSkillCatalog } =
    await import("@tau/skills");
  const window = agent.model.contextWindow ?? assumedWindow;
  const maxTokens = Math.min(mostTokens, Math.floor(window * shareOfWindow));
  const { text } = renderSkillCatalog(skills, { maxTokens });
  agent.tools.register(createSkillTool({ skills }));
  const scripts = await createSkillScriptTool(skills, new AbortController().signal);
  if (scripts !== undefined) agent.tools.register(scripts);
  const host = await hostOf(agent, skills);
  const tools = (): readonly string[] => agent.tools.list().map(({ name }) => name);
  const running = createSkillRunTool({ skills, host, tools });
  if (running !== undefined) agent.tools.register(running);
  const { policyFor } = agent;
  const skilled: AgentConfig = {
    ...agent,
    instructions: agent.instructions === undefined ? text : `${agent.instructions}\n\n${text}`,
    ...(policyFor === undefined
      ? {}
      : {
          policyFor: (environment, grants, run) => {
            const policy = policyFor(environment, grants, run);
            return run === undefined ? policy : narrowToSkills(policy, run);
          },
        }),
  };
  return { agents: [skilled, ...host.agents], runIn: host.runIn };
}

/** What skills need that do their work by themselves; most do not, and need nothing. */
async function hostOf(agent: AgentConfig, skills: readonly Skill[]): Promise<LocalSkillHost> {
  if (skills.every(({ backend }) => backend === undefined)) return { agents: [], runIn: () => undefined };
  const { createSkillHost } = await import("./skill-host.ts");
  return createSkillHost(agent, skills);
}
