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

// BM25 (Robertson and Zaragoza, 2009) with its usual constants, over fields of different weight as in BM25F.
const saturation = 1.2;
const lengthEffect = 0.75;
const weights = { name: 3, triggers: 2, description: 1 } as const;
/** What a trigger adds that stands in the prompt as it is. */
const triggerBonus = 5;
/** Longer prompts are judged by their beginning. */
const maxPromptLength = 20_000;

const ignored = new Set(
  `a an and any are as at be but by can do for from has have how i if in into is it its me my not of on or our should that
  the their them then there this to up use used user using want we what when where which who will with you your`.split(
    /\s+/u,
  ),
);

/** Makes a {@link SkillMatcher}: an index of the words of names, triggers and descriptions. Costs O(words) to make. */
export function createSkillMatcher(skills: readonly Skill[]): SkillMatcher {
  const documents = skills.map(toDocument);
  const meanLength = documents.reduce((sum, { length }) => sum + length, 0) / Math.max(1, documents.length);
  const index = new Map<string, { readonly at: number; readonly weight: number }[]>();
  for (const [at, { words }] of documents.entries()) {
    for (const [word, weight] of words) {
      const postings = index.get(word) ?? [];
      index.set(word, postings);
      postings.push({ at, weight });
    }
  }
  return {
    match(prompt, limit = 5) {
      const text = prompt.slice(0, maxPromptLength);
      const scores = new Map<number, number>();
      const add = (at: number, score: number): void => void scores.set(at, (scores.get(at) ?? 0) + score);
      for (const word of new Set(wordsOf(text))) {
        const postings = index.get(word) ?? [];
        const rarity = Math.log(1 + (documents.length - postings.length + 0.5) / (postings.length + 0.5));
        for (const { at, weight } of postings) {
          const size = 1 - lengthEffect + (lengthEffect * (documents[at]?.length ?? 0)) / meanLength;
          add(at, (rarity * weight * (saturation + 1)) / (weight + saturation * size));
        }
      }
      const spaced = spacedWords(text);
      for (const [at, { phrases }] of documents.entries())
        if (phrases.some((phrase) => spaced.includes(phrase))) add(at, triggerBonus);
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

interface Document {
  /** Each word with its weight: how often it stands where. */
  readonly words: ReadonlyMap<string, number>;
  readonly length: number;
  /** Triggers as they would stand in a prompt. */
  readonly phrases: readonly string[];
}

function toDocument({ name, triggers, description }: Skill): Document {
  const words = new Map<string, number>();
  let length = 0;
  const add = (text: string, weight: number): void => {
    for (const word of wordsOf(text)) {
      words.set(word, (words.get(word) ?? 0) + weight);
      length += 1;
    }
  };
  add(name, weights.name);
  for (const trigger of triggers) add(trigger, weights.triggers);
  add(description, weights.description);
  const phrases = triggers.map(spacedWords).filter((phrase) => phrase.length > 2);
  return { words, length, phrases };
}

/** The words of a text with one space around each, to find phrases that do not begin inside of a word. */
function spacedWords(text: string): string {
  return ` ${rawWords(text).join(" ")} `;
}

function wordsOf(text: string): readonly string[] {
  return rawWords(text)
    .filter((word) => !ignored.has(word))
    .map(stem);
}

function rawWords(text: string): readonly string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** The least that makes "PDFs" find "pdf" and "merging" find "merge", for English. */
function stem(word: string): string {
  if (word.length < 4) return word;
  const single = word.endsWith("ss") ? word : word.replace(/ies$/u, "y").replace(/s$/u, "");
  return single.length < 6 ? single.replace(/e$/u, "") : single.replace(/(?:ing|ed|e)$/u, "");
}
