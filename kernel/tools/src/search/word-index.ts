/** A piece of a document and how much its words count. */
export interface WordField {
  readonly text: string;
  readonly weight: number;
}

/** A document that has words of a query. */
export interface WordMatch {
  /** Its place in the list that the index was made of. */
  readonly at: number;
  /** Higher fits better; comparable within one query only. */
  readonly score: number;
}

/** Finds documents by their words. */
export interface WordIndex {
  /** The best first, at most `limit`; equal ones in the order of the list. */
  find(query: string, limit: number): readonly WordMatch[];
}

// BM25 (Robertson and Zaragoza, 2009) with its usual constants; weights of fields count as repeated words.
const saturation = 1.2;
const lengthEffect = 0.75;
/** Longer queries are judged by their beginning. */
const maxQueryChars = 20_000;

const ignored = new Set(
  `a an and any are as at be but by can do for from has have how i if in into is it its me my not of on or our that the their
  them then there this to up want we what when where which who will with you your`.split(/\s+/u),
);

interface Posting {
  readonly at: number;
  readonly weight: number;
}

/** Makes a {@link WordIndex} over documents of weighted fields. Costs O(words) to make, and O(postings of its words) to ask. */
export function createWordIndex(documents: readonly (readonly WordField[])[]): WordIndex {
  const index = new Map<string, Posting[]>();
  const lengths = documents.map((fields, at) => {
    let length = 0;
    const weights = new Map<string, number>();
    for (const { text, weight } of fields) {
      for (const word of wordsOf(text)) {
        weights.set(word, (weights.get(word) ?? 0) + weight);
        length += 1;
      }
    }
    for (const [word, weight] of weights) {
      const postings = index.get(word) ?? [];
      index.set(word, postings);
      postings.push({ at, weight });
    }
    return length;
  });
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  return {
    find(query, limit) {
      const scores = new Map<number, number>();
      for (const word of new Set(wordsOf(query.slice(0, maxQueryChars)))) {
        const postings = index.get(word) ?? [];
        const rarity = Math.log(1 + (documents.length - postings.length + 0.5) / (postings.length + 0.5));
        for (const { at, weight } of postings) {
          const size = 1 - lengthEffect + (lengthEffect * (lengths[at] ?? 0)) / meanLength;
          const score = (rarity * weight * (saturation + 1)) / (weight + saturation * size);
          scores.set(at, (scores.get(at) ?? 0) + score);
        }
      }
      return [...scores]
        .map(([at, score]) => ({ at, score }))
        .toSorted((a, b) => b.score - a.score || a.at - b.at)
        .slice(0, limit);
    },
  };
}

/** Words in small letters, without endings, also those inside of names such as `createIssue` and `create_issue`. */
function wordsOf(text: string): readonly string[] {
  const spaced = text.normalize("NFKC").replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  const words = spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !ignored.has(word)).map(stem);
}

/** The least that makes "issues" find "issue" and "merging" find "merge", for English. */
function stem(word: string): string {
  if (word.length < 4) return word;
  const single = word.endsWith("ss") ? word : word.replace(/ies$/u, "y").replace(/s$/u, "");
  return single.length < 6 ? single.replace(/e$/u, "") : single.replace(/(?:ing|ed|e)$/u, "");
}
