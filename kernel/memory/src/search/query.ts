/** Words that must stand together, in order. */
export interface SearchTerm {
  readonly words: readonly string[];
  /** Whether the last word may go on. */
  readonly isPrefix: boolean;
}

const maxTerms = 16;
const maxWordLength = 64;

/** What counts as a word, in queries and in texts: letters, digits and what private use makes of them. */
const wordPattern = /[\p{L}\p{N}\p{Co}\p{M}]+/gu;

/**
 * Reads what somebody looks for: words, `"words in a row"`, and `begin*`. Everything else only separates, so that no
 * query means anything to the engine that runs it.
 */
export function parseQuery(query: string): readonly SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (const [whole, phrase] of query.matchAll(/"([^"]*)"?|[^\s"]+/gu)) {
    const words = wordsOf(phrase ?? whole);
    // What stands without quotes are words of their own, unless they hang together: `a.b` is a phrase.
    if (words.length > 0) terms.push({ words, isPrefix: phrase === undefined && whole.endsWith("*") });
    if (terms.length === maxTerms) break;
  }
  return terms;
}

/** The words of a text: with or without accents and capitals they are the same. */
export function wordsOf(text: string): readonly string[] {
  return placesOf(text.normalize("NFKC")).map(({ word }) => word);
}

/** Where words are in a text, with the words. */
export function placesOf(
  text: string,
): readonly { readonly word: string; readonly start: number; readonly end: number }[] {
  return [...text.matchAll(wordPattern)].flatMap((match) => {
    const word = folded(match[0]);
    // What is nothing but accents is no word.
    return word === "" ? [] : [{ word, start: match.index, end: match.index + match[0].length }];
  });
}

/** A word without what does not tell words apart. */
function folded(word: string): string {
  const plain = word.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().normalize("NFC");
  return Array.from(plain).slice(0, maxWordLength).join("");
}
