import type { AgentConfig } from "@tau/runtime";
import type { Skill } from "@tau/skills";

/** The largest part of a model's window that the list of skills takes, and what it takes of no window. */
const shareOfWindow = 0.02;
const mostTokens = 8_000;
/** Where nobody knows the window. */
const assumedWindow = 100_000;

/** Lets an agent look up skills: the list in its instructions, the tool, and `allowed-tools` on top of its rules. */
export async function withSkills(agent: AgentConfig, skills: readonly Skill[]): Promise<AgentConfig> {
  if (skills.length === 0) return agent;
  const { createSkillActivations, createSkillScriptTool, createSkillTool, renderSkillCatalog } =
    await import("@tau/skills");
  const window = agent.model.contextWindow ?? assumedWindow;
  const maxTokens = Math.min(mostTokens, Math.floor(window * shareOfWindow));
  const { text } = renderSkillCatalog(skills, { maxTokens });
  const activations = createSkillActivations();
  agent.tools.register(createSkillTool({ skills, activations }));
  const scripts = await createSkillScriptTool(skills, new AbortController().signal);
  if (scripts !== undefined) agent.tools.register(scripts);
  const { policyFor } = agent;
  return {
    ...agent,
    instructions: agent.instructions === undefined ? text : `${agent.instructions}\n\n${text}`,
    ...(policyFor === undefined
      ? {}
      : { policyFor: (environment) => activations.narrow(environment, policyFor(environment)) }),
  };
}
