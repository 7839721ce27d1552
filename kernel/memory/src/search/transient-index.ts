import { byCodeUnits } from "../order.ts";
import { placesOf } from "./query.ts";
import type { SearchTerm } from "./query.ts";
import type { IndexedText, IndexHit, SearchIndex } from "./search-index.ts";
import { snippetOf } from "./snippet.ts";

interface Indexed {
  readonly text: IndexedText;
  readonly title: readonly string[];
  readonly body: readonly string[];
}

// BM25, as most engines rank by default.
const [k1, b] = [1.2, 0.75];
/** A word in the title counts as so many. */
const titleWeight = 3;

/** Makes a {@link SearchIndex} in the memory of the process: for memories of some thousand texts. */
export function createTransientIndex(): SearchIndex {
  const texts = new Map<string, Indexed>();
  return {
    async stamps(signal) {
      signal.throwIfAborted();
      return new Map([...texts].map(([path, { text }]) => [path, text.stamp]));
    },
    async update(put, remove, signal) {
      signal.throwIfAborted();
      for (const path of remove) texts.delete(path);
      for (const text of put)
        texts.set(text.path, {
          text,
          title: placesOf(text.title).map(({ word }) => word),
          body: placesOf(text.body).map(({ word }) => word),
        });
    },
    async query(terms, limit, signal) {
      signal.throwIfAborted();
      return ranked([...texts.values()], terms)
        .slice(0, limit)
        .map(({ text }): IndexHit => ({ path: text.path, snippet: snippetOf(text, terms) }));
    },
  };
}

function ranked(texts: readonly Indexed[], terms: readonly SearchTerm[]): readonly Indexed[] {
  const average =
    texts.reduce((sum, { title, body }) => sum + title.length + body.length, 0) / (texts.length || 1);
  const scores = new Map<Indexed, number>();
  for (const term of terms) {
    const counts = texts.map((one) => ({
      one,
      count: titleWeight * countIn(one.title, term) + countIn(one.body, term),
    }));
    const found = counts.filter(({ count }) => count > 0);
    const rarity = Math.log(1 + (texts.length - found.length + 0.5) / (found.length + 0.5));
    for (const { one, count } of found) {
      const length = (one.title.length + one.body.length) / (average || 1);
      const weight = (count * (k1 + 1)) / (count + k1 * (1 - b + b * length));
      scores.set(one, (scores.get(one) ?? 0) + rarity * weight);
    }
  }
  return [...scores]
    .toSorted(([a, scoreA], [c, scoreC]) => scoreC - scoreA || byCodeUnits(a.text.path, c.text.path))
    .map(([one]) => one);
}

function countIn(words: readonly string[], { words: wanted, isPrefix }: SearchTerm): number {
  let count = 0;
  for (let at = 0; at + wanted.length <= words.length; at++)
    if (matchesAt(words, at, wanted, isPrefix)) count += 1;
  return count;
}

/** Whether the wanted words stand at a place, one after the other. */
function matchesAt(
  words: readonly string[],
  at: number,
  wanted: readonly string[],
  isPrefix: boolean,
): boolean {
  return wanted.every((word, index) => {
    const found = words[at + index] ?? "";
    return isPrefix && index === wanted.length - 1 ? found.startsWith(word) : found === word;
  });
}
