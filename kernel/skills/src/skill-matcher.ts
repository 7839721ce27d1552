import { createWordIndex } from "@tau/tools";
import type { WordField } from "@tau/tools";

import { byCodeUnits } from "./order.ts";
import type { Skill } from "./skill.ts";

/** A skill that fits a prompt. */
export interface SkillMatch {
  readonly skill: Skill;
  /** Higher fits better; comparable within one prompt only. */
  readonly score: number;
}

/** Finds the skills that fit a prompt. */
export interface SkillMatcher {
  /** The best first, at most `limit` (5). Equal ones are ordered by name. */
  match(prompt: string, limit?: number): readonly SkillMatch[];
}

const weights = { name: 3, triggers: 2, description: 1 } as const;
/** What a trigger adds that stands in the prompt as it is. */
const triggerBonus = 5;
/** Longer prompts are judged by their beginning. */
const maxPromptLength = 20_000;

/** Makes a {@link SkillMatcher}: an index of the words of names, triggers and descriptions. Costs O(words) to make. */
export function createSkillMatcher(skills: readonly Skill[]): SkillMatcher {
  const index = createWordIndex(skills.map(fieldsOf));
  const phrases = skills.map(phrasesOf);
  return {
    match(prompt, limit = 5) {
      const text = prompt.slice(0, maxPromptLength);
      const scores = new Map(index.find(text, skills.length).map(({ at, score }) => [at, score]));
      const spaced = spacedWords(text);
      for (const [at, ofSkill] of phrases.entries())
        if (ofSkill.some((phrase) => spaced.includes(phrase)))
          scores.set(at, (scores.get(at) ?? 0) + triggerBonus);
      return [...scores]
        .flatMap(([at, score]) => {
          const skill = skills[at];
          return skill === undefined ? [] : [{ skill, score }];
        })
        .toSorted((a, b) => b.score - a.score || byCodeUnits(a.skill.name, b.skill.name))
        .slice(0, limit);
    },
  };
}

function fieldsOf({ name, triggers, description }: Skill): readonly WordField[] {
  return [
    { text: name, weight: weights.name },
    ...triggers.map((text) => ({ text, weight: weights.triggers })),
    { text: description, weight: weights.description },
  ];
}

/** Triggers as they would stand in a prompt. */
function phrasesOf({ triggers }: Skill): readonly string[] {
  return triggers.map(spacedWords).filter((phrase) => phrase.length > 2);
}

/** The words of a text with one space around each, to find phrases that do not begin inside of a word. */
function spacedWords(text: string): string {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return ` ${words.join(" ")} `;
}
