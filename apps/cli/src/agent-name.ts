/** The name of a skill's agent, below each agent that may have it do something: below one that plans it plans, too. */
export function agentName(above: string, skill: string): string {
  return above === "main" ? `skill:${skill}` : `${above}:skill:${skill}`;
}
