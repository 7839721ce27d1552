import { byCodeUnits } from "../by-code-units.ts";

/** A word that is marked as a name: by quotes around it, or by "tool" beside it. */
const marked =
  /(?<=["'`«“‘])[\w-]{1,128}(?=["'`»”’])|(?<=\btool\s{1,3})[\w-]{1,128}|\b[\w-]{1,128}(?=\s{1,3}tool\b)/giu;

/**
 * Finds the names among `names` that a text speaks of, ordered: a definition that tells a model how to use somebody else's tools
 * wants to shadow them. A name that is a plain word, such as `read`, counts where the text marks it as a name.
 */
export function findMentions(text: string, names: Iterable<string>): readonly string[] {
  const words = wordsIn(text, /[\w-]+/gu);
  const named = wordsIn(text, marked);
  const isSpokenOf = (name: string): boolean =>
    (/^[a-z]+$/u.test(name) ? named : words).has(name.toLowerCase());
  return [...new Set(names)].filter(isSpokenOf).toSorted(byCodeUnits);
}

function wordsIn(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([word]) => word.toLowerCase()));
}
