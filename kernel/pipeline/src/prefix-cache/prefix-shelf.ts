import type { PrefixRecord } from "./prefix-record.ts";

/** When a prefix goes. Milliseconds. */
export interface ShelfLimits {
  /** After its last session has gone. Default 5 minutes. */
  readonly graceMs?: number;
  /** A session that asked nothing for so long has gone. Default 15 minutes. */
  readonly idleSessionMs?: number;
  /** Tokens that a tenant may keep at a provider. Default 4,000,000. */
  readonly maxTokens?: number;
}

/** Above this part of the limit, prefixes give way until the other part is reached. */
const [highWater, lowWater] = [0.8, 0.6];

interface Shelved {
  readonly record: PrefixRecord;
  /** When each session that uses it last did. */
  readonly sessions: Map<string, number>;
  lastUsedAt: number;
  /** Since when nobody uses it. */
  unusedSince: number | undefined;
}

/**
 * Who uses which prefix: counts references by session, and says what nobody needs any more. Knows no clock and no
 * provider.
 *
 * - S1. A prefix that a session uses is not evicted for being unused, only for the tenant's limit or its own end.
 * - S2. Released by its last session it stays for the grace, and is taken up again by the next one.
 * - S3. Above the high-water mark the prefixes of a tenant that save least give way first: few tokens, long unused.
 */
export class PrefixShelf {
  readonly #limits: Required<ShelfLimits>;
  readonly #shelved = new Map<string, Shelved>();

  constructor({ graceMs = 300_000, idleSessionMs = 900_000, maxTokens = 4_000_000 }: ShelfLimits = {}) {
    this.#limits = { graceMs, idleSessionMs, maxTokens };
  }

  get records(): readonly PrefixRecord[] {
    return [...this.#shelved.values()].map(({ record }) => record);
  }

  /** Sessions that use a prefix. */
  references(id: string): number {
    return this.#shelved.get(id)?.sessions.size ?? 0;
  }

  add(record: PrefixRecord, now: number): void {
    const sessions = new Map<string, number>();
    this.#shelved.set(record.id, { record, sessions, lastUsedAt: now, unusedSince: now });
  }

  /** Takes a prefix for a session; undefined when it is not there or about to end. */
  acquire(id: string, session: string, now: number): PrefixRecord | undefined {
    const found = this.#shelved.get(id);
    if (found === undefined || found.record.expiresAt <= now) return undefined;
    found.sessions.set(session, now);
    found.lastUsedAt = now;
    found.unusedSince = undefined;
    return found.record;
  }

  /** A session of a tenant needs its prefixes no more. */
  releaseSession(tenant: string, session: string, now: number): void {
    for (const shelved of this.#shelved.values()) {
      if (shelved.record.tenant === tenant) release(shelved, session, now);
    }
  }

  remove(id: string): PrefixRecord | undefined {
    const found = this.#shelved.get(id);
    this.#shelved.delete(id);
    return found?.record;
  }

  /** Takes out what is over: ended, unused beyond the grace, or above the tenant's limit. */
  evict(now: number): readonly PrefixRecord[] {
    const gone: PrefixRecord[] = [];
    for (const [id, shelved] of this.#shelved) {
      for (const [session, usedAt] of shelved.sessions) {
        if (usedAt + this.#limits.idleSessionMs <= now) release(shelved, session, now);
      }
      const { record, unusedSince } = shelved;
      const isUnused = unusedSince !== undefined && unusedSince + this.#limits.graceMs <= now;
      if (!isUnused && record.expiresAt > now) continue;
      this.#shelved.delete(id);
      gone.push(record);
    }
    return [...gone, ...this.#evictAboveLimit(now)];
  }

  #evictAboveLimit(now: number): readonly PrefixRecord[] {
    const gone: PrefixRecord[] = [];
    const { maxTokens } = this.#limits;
    for (const [, tenants] of Map.groupBy(this.#shelved.values(), ({ record }) => record.tenant)) {
      let tokens = tenants.reduce((sum, { record }) => sum + record.tokens, 0);
      if (tokens <= maxTokens * highWater) continue;
      const worth = ({ record, lastUsedAt }: Shelved): number => record.tokens / (1 + now - lastUsedAt);
      for (const { record } of tenants.toSorted((a, b) => worth(a) - worth(b))) {
        if (tokens <= maxTokens * lowWater) break;
        tokens -= record.tokens;
        this.#shelved.delete(record.id);
        gone.push(record);
      }
    }
    return gone;
  }
}

function release(shelved: Shelved, session: string, now: number): void {
  if (shelved.sessions.delete(session) && shelved.sessions.size === 0) shelved.unusedSince = now;
}
