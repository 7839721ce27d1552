import { isTauError } from "@tau/core";

import { parseNote } from "../notes/note-codec.ts";
import { notesPrefix } from "../notes/note.ts";
import type { MemoryEntry, MemoryStore } from "../store/memory-store.ts";
import { parseQuery } from "./query.ts";
import type { IndexedText, IndexHit, SearchIndex } from "./search-index.ts";

/** Finds files of a memory by the words in them. */
export interface MemorySearch {
  /**
   * The best hits first. `query` is words, `"words in a row"` and `begin*`; a query without words finds nothing.
   * Files that changed since the last search are indexed anew before, whoever changed them.
   */
  search(query: string, limit: number, signal: AbortSignal): Promise<readonly IndexHit[]>;
}

/** Options of {@link createMemorySearch}. */
export interface MemorySearchOptions {
  readonly store: MemoryStore;
  readonly index: SearchIndex;
  /** Whose files can be found. */
  readonly prefixes: readonly string[];
}

/** Makes a {@link MemorySearch}. */
export function createMemorySearch({ store, index, prefixes }: MemorySearchOptions): MemorySearch {
  const refresh = async (signal: AbortSignal): Promise<void> => {
    const known = await index.stamps(signal);
    const listings = await Promise.all(prefixes.map(async (prefix) => await store.list(prefix, signal)));
    const entries = listings.flat();
    const stale = entries.filter(({ path, stamp }) => known.get(path) !== stamp);
    const there = new Set(entries.map(({ path }) => path));
    const gone = [...known.keys()].filter((path) => !there.has(path));
    if (stale.length === 0 && gone.length === 0) return;
    const texts: IndexedText[] = [];
    for (const entry of stale) texts.push(...(await indexed(store, entry, signal)));
    await index.update(texts, gone, signal);
  };
  return {
    async search(query, limit, signal) {
      signal.throwIfAborted();
      const terms = parseQuery(query);
      if (terms.length === 0 || limit < 1) return [];
      await refresh(signal);
      return await index.query(terms, limit, signal);
    },
  };
}

/** What cannot be read is known, and found by nothing but its path, until it changes. */
async function indexed(
  store: MemoryStore,
  { path, stamp }: MemoryEntry,
  signal: AbortSignal,
): Promise<readonly IndexedText[]> {
  try {
    const { text } = await store.load(path, signal);
    if (!path.startsWith(notesPrefix)) return [{ path, stamp, title: path, body: text }];
    const { summary, type, body } = parseNote(path, text, 0);
    return [{ path, stamp, title: summary, body: `${type}\n${body}` }];
  } catch (error) {
    if (!isTauError(error) || error.code === "memory.unavailable") throw error;
    return error.code === "memory.not_found" ? [] : [{ path, stamp, title: path, body: "" }];
  }
}
