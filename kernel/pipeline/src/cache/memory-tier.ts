import type { AssistantPart } from "@tau/core";

import type { CacheEntry, CacheScope } from "./cache-tier.ts";

/** Options of {@link MemoryTier}. */
export interface MemoryTierOptions {
  /** Default 64 MiB. */
  readonly maxBytes?: number;
  /** Default 10,000. */
  readonly maxEntries?: number;
}

interface Kept {
  readonly entry: CacheEntry;
  readonly bytes: number;
}

/**
 * The answers used last, in the memory of this process: bounded by bytes and by number, the one used longest ago
 * gives way. Answers at once, unlike a `CacheTier`: a hit should cost less than a wait.
 */
export class MemoryTier {
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  /** By {@link entryId}; the map's order is that of use. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #drops = 0;

  constructor({ maxBytes = 67_108_864, maxEntries = 10_000 }: MemoryTierOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#maxEntries = maxEntries;
  }

  /** How many bytes the entries take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Grows with every drop: what was read elsewhere before one must not be put after it. */
  get drops(): number {
    return this.#drops;
  }

  get(id: string, now: number): CacheEntry | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    this.#kept.delete(id);
    if (kept.entry.expiresAt <= now) {
      this.#bytes -= kept.bytes;
      return undefined;
    }
    this.#kept.set(id, kept);
    return kept.entry;
  }

  put(id: string, entry: CacheEntry): void {
    const bytes = sizeOf(entry);
    if (bytes > this.#maxBytes) return;
    this.#remove(id);
    this.#kept.set(id, { entry, bytes });
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes || this.#kept.size > this.#maxEntries) this.#makeRoom();
  }

  /** Drops a hundredth more than it must: finding the oldest costs more than dropping it. */
  #makeRoom(): void {
    const bytes = this.#maxBytes - Math.floor(this.#maxBytes / 100);
    const entries = this.#maxEntries - Math.floor(this.#maxEntries / 100);
    for (const [oldest, kept] of this.#kept) {
      if ((this.#bytes <= bytes && this.#kept.size <= entries) || this.#kept.size === 1) break;
      this.#kept.delete(oldest);
      this.#bytes -= kept.bytes;
    }
  }

  drop({ tenant, sessionId, key }: CacheScope): void {
    this.#drops++;
    if (key !== undefined) {
      this.#remove(entryId(tenant, key));
      return;
    }
    for (const [id, { entry }] of this.#kept) {
      const isInside = entry.tenant === tenant && (sessionId === undefined || entry.sessionId === sessionId);
      if (isInside) this.#remove(id);
    }
  }

  #remove(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#bytes -= kept.bytes;
  }
}

/**
 * What an entry is found by, made once for a call: a text that is put together anew has to be hashed anew. A tenant's name
 * has no space in it.
 */
export function entryId(tenant: string, key: string): string {
  return `${tenant} ${key}`;
}

/** Two bytes a character, as a string may take, and something for the objects around it. */
function sizeOf({ answer }: CacheEntry): number {
  const { message, stopDetails } = answer;
  let characters = stopDetails === undefined ? 0 : JSON.stringify(stopDetails).length;
  for (const part of message.parts) characters += charactersOf(part);
  return characters * 2 + 1_000;
}

/** Nearly all of most answers is text, which need not be written as JSON to be measured. */
function charactersOf(part: AssistantPart): number {
  const isPlain = part.type === "text" && part.citations === undefined && part.providerData === undefined;
  return 100 + (isPlain ? part.text : JSON.stringify(part)).length;
}
