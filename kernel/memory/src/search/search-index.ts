import type { SearchTerm } from "./query.ts";

/** A text to be found again. */
export interface IndexedText {
  readonly path: string;
  /** The stamp of the file that it was read from; see `MemoryEntry`. */
  readonly stamp: string;
  /** Counts more than the body. */
  readonly title: string;
  readonly body: string;
}

/** A text that was found. */
export interface IndexHit {
  readonly path: string;
  /** A part of the title or body that shows why, the words found between « and »; on one line. */
  readonly snippet: string;
}

/**
 * Finds texts by words. What it holds can always be made again from the files.
 *
 * Contract, checked by `describeSearchIndex()` from `@tau/memory/testing`:
 * - `update` puts, replaces and removes at once; `stamps` says of which files it knows which state.
 * - A text is found by any of the terms; those with more of them, rarer ones, or ones in the title come first.
 * - Terms are words as `parseQuery` gives them; case and accents do not tell words apart.
 */
export interface SearchIndex {
  stamps(signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  update(put: readonly IndexedText[], remove: readonly string[], signal: AbortSignal): Promise<void>;
  query(terms: readonly SearchTerm[], limit: number, signal: AbortSignal): Promise<readonly IndexHit[]>;
}
