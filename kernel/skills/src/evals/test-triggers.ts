import { createSkillMatcher } from "../skill-matcher.ts";
import type { Skill } from "../skill.ts";
import type { TriggerCase } from "./read-evals.ts";

/** What became of one prompt. */
export interface TriggerOutcome extends TriggerCase {
  readonly passed: boolean;
  /** The skills that were found for it, the best first. */
  readonly found: readonly string[];
}

/** How well a skill is found among others. */
export interface TriggerReport {
  readonly cases: readonly TriggerOutcome[];
  /** Of the prompts that it came first for, the share that it should have been found for; 1 where there are none. */
  readonly precision: number;
  /** Of the prompts that it should be found for, the share for which it was; 1 where there are none. */
  readonly recall: number;
}

/** Found means: among so many. */
const shown = 3;

/**
 * Tests how a skill is found by prompts, among all skills that it stands beside. It should be among the first three
 * for its own, and not the first for others'.
 */
export function testTriggers(
  skill: Skill,
  among: readonly Skill[],
  cases: readonly TriggerCase[],
): TriggerReport {
  const matcher = createSkillMatcher([skill, ...among.filter(({ name }) => name !== skill.name)]);
  const outcomes = cases.map((one): TriggerOutcome => {
    const found = matcher.match(one.query, shown).map((match) => match.skill.name);
    const passed = one.shouldTrigger ? found.includes(skill.name) : found[0] !== skill.name;
    return { ...one, passed, found };
  });
  const first = outcomes.filter(({ found }) => found[0] === skill.name);
  const wanted = outcomes.filter(({ shouldTrigger }) => shouldTrigger);
  return {
    cases: outcomes,
    precision: share(first, ({ shouldTrigger }) => shouldTrigger),
    recall: share(wanted, ({ passed }) => passed),
  };
}

function share<T>(all: readonly T[], counts: (one: T) => boolean): number {
  return all.length === 0 ? 1 : all.filter(counts).length / all.length;
}
