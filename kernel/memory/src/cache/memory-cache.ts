import { isTauError, TauError } from "@tau/core";

import { byCodeUnits } from "../order.ts";
import { memoryNotFound } from "../store/memory-errors.ts";
import { assertMemoryText } from "../store/memory-store.ts";
import { memoryPathNames } from "../store/memory-path.ts";
import type { MemoryStore } from "../store/memory-store.ts";

/** What a flush did. */
export interface Flushed {
  readonly saved: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Files of a memory, read once and written together.
 *
 * - C1. `get`, `has`, `keys` and `entries` tell what is here: loaded or set, and not removed.
 * - C2. `flush` writes what changed only over what was loaded: what somebody else changed meanwhile stays, the key stays
 *   dirty, and the flush throws `memory.not_flushed` after it has written everything else.
 */
export interface MemoryCache {
  /** Loads everything below the prefixes. */
  bootstrap(prefixes: readonly string[], signal: AbortSignal): Promise<void>;
  /** The text of a key, loaded when it is not here yet. Throws `memory.not_found`. */
  resolve(key: string, signal: AbortSignal): Promise<string>;
  get(key: string): string | undefined;
  /** Throws `memory.invalid_path`, `memory.not_text`, `memory.too_large`. */
  set(key: string, text: string): void;
  delete(key: string): void;
  has(key: string): boolean;
  /** In order. */
  keys(): readonly string[];
  /** In the order of the keys. */
  entries(): readonly (readonly [key: string, text: string])[];
  /** Keys whose text is to be written, and those to be removed; in order. */
  changes(): { readonly dirty: readonly string[]; readonly removed: readonly string[] };
  flush(signal: AbortSignal): Promise<Flushed>;
}

interface Cached {
  readonly text: string;
  /** What the store had when it was loaded; null for nothing, undefined when nobody looked. */
  readonly etag: string | null | undefined;
  readonly isDirty: boolean;
}

/** Makes a {@link MemoryCache} over a store. */
export function createMemoryCache(store: MemoryStore): MemoryCache {
  const cached = new Map<string, Cached>();
  // What the store had of each key to be removed; undefined when nobody looked.
  const removed = new Map<string, string | null | undefined>();
  const load = async (key: string, signal: AbortSignal): Promise<string> => {
    const { text, etag } = await store.load(key, signal);
    // Somebody may have set it meanwhile.
    if (!cached.has(key) && !removed.has(key)) cached.set(key, { text, etag, isDirty: false });
    return cached.get(key)?.text ?? text;
  };
  const dirty = (): readonly string[] =>
    [...cached].flatMap(([key, { isDirty }]) => (isDirty ? [key] : [])).toSorted(byCodeUnits);

  return {
    async bootstrap(prefixes, signal) {
      for (const prefix of prefixes)
        for (const { path } of await store.list(prefix, signal))
          if (!cached.has(path)) await load(path, signal);
    },
    async resolve(key, signal) {
      memoryPathNames(key);
      if (removed.has(key)) throw memoryNotFound(key);
      return cached.get(key)?.text ?? (await load(key, signal));
    },
    get: (key) => cached.get(key)?.text,
    set(key, text) {
      memoryPathNames(key);
      assertMemoryText(key, text);
      const before = cached.get(key);
      if (before?.text === text && !before.isDirty) return;
      const etag = before === undefined ? removed.get(key) : before.etag;
      removed.delete(key);
      cached.set(key, { text, etag, isDirty: true });
    },
    delete(key) {
      memoryPathNames(key);
      const etag = cached.get(key)?.etag;
      cached.delete(key);
      // What was never written needs no removing.
      if (etag !== null) removed.set(key, etag);
    },
    has: (key) => cached.has(key),
    keys: () => [...cached.keys()].toSorted(byCodeUnits),
    entries: () =>
      [...cached].map(([key, { text }]) => [key, text] as const).toSorted(([a], [b]) => byCodeUnits(a, b)),
    changes: () => ({ dirty: dirty(), removed: [...removed.keys()].toSorted(byCodeUnits) }),
    async flush(signal) {
      const refused: string[] = [];
      const [saved, gone]: [string[], string[]] = [[], []];
      for (const [key, etag] of [...removed].toSorted(([a], [b]) => byCodeUnits(a, b)))
        if (await attempted(refused, key, async () => await removeFrom(store, key, { etag, signal }))) {
          removed.delete(key);
          gone.push(key);
        }
      for (const key of dirty()) {
        const one = cached.get(key);
        if (one === undefined) continue;
        const condition = one.etag === undefined ? {} : { ifMatch: one.etag };
        const done = await attempted(refused, key, async () => {
          const etag = await store.save(key, one.text, condition, signal);
          // Set again meanwhile, it is dirty still, over what was just written.
          const now = cached.get(key);
          if (now !== undefined) cached.set(key, { text: now.text, etag, isDirty: now.text !== one.text });
        });
        if (done) saved.push(key);
      }
      if (refused.length > 0) throw notFlushed(refused);
      return { saved, removed: gone };
    },
  };
}

async function attempted(refused: string[], key: string, act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isTauError(error) || !["memory.changed", "memory.exists"].includes(error.code)) throw error;
    refused.push(key);
    return false;
  }
}

async function removeFrom(
  store: MemoryStore,
  key: string,
  { etag, signal }: { readonly etag: string | null | undefined; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await store.delete(key, etag === undefined ? {} : { ifMatch: etag }, signal);
  } catch (error) {
    if (!isTauError(error) || error.code !== "memory.not_found") throw error;
  }
}

function notFlushed(keys: readonly string[]): TauError {
  return new TauError(
    "memory.not_flushed",
    `Somebody else changed ${keys.map((key) => JSON.stringify(key)).join(", ")} since it was read, so it was not written; everything else was. Read it again, then decide again.`,
    { details: { keys } },
  );
}
