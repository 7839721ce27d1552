import type { ModelFinished } from "@tau/core";

/** A kept answer. */
export interface CacheEntry {
  readonly tenant: string;
  /** See `cacheKeyOf()`. */
  readonly key: string;
  /** Where it was asked first; lets a session's answers be dropped together. */
  readonly sessionId?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly answer: ModelFinished;
}

/** Which entries to drop: all of a tenant, those of one of its sessions, or one. */
export interface CacheScope {
  readonly tenant: string;
  readonly sessionId?: string;
  readonly key?: string;
}

/**
 * Keeps answers beyond the process, or beyond the machine.
 *
 * Contract, checked by `describeCacheTier()` from `@tau/pipeline/testing`:
 * - T1. `get` answers what was put last under tenant and key, as it was put; undefined for what is unknown, expired,
 *   dropped or another tenant's.
 * - T2. `drop` drops everything in its scope and nothing else, also in other processes that share the tier.
 * - T3. An entry may vanish at any time; what is damaged reads as unknown, never as another answer.
 * - T4. `onDrop`, where there is one, soon tells of drops by whoever shares the tier, so that what they drop also
 *   leaves this process's memory. It answers how to stop listening.
 */
export interface CacheTier {
  get(tenant: string, key: string, now: number): Promise<CacheEntry | undefined>;
  put(entry: CacheEntry): Promise<void>;
  drop(scope: CacheScope): Promise<void>;
  onDrop?(listener: (scope: CacheScope) => void): () => void;
}
