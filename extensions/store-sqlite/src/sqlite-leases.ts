import { randomUUID } from "node:crypto";

import { TauError } from "@tau/core";
import { ownerName } from "@tau/memory/process-owner";
import { assertLeaseKey, journalClosed } from "@tau/runtime";
import type { Lease, Leases } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";

/** {@link Leases} with a heart beat that ends with the store. */
export interface SqliteLeases extends Leases {
  /** Gives up every claim. */
  releaseAll(): Promise<void>;
}

interface Held {
  readonly tenant: string;
  readonly key: string;
  readonly lost: AbortController;
  /** When the claim runs out unless it is renewed, on a clock that nobody sets. */
  until: number;
}

/** Makes {@link Leases} in the tenants' files: a claim lasts `ttlMs` and is renewed three times as often. */
export function createSqliteLeases(client: DatabaseClient, ttlMs: number): SqliteLeases {
  const table = new LeaseTable(client, ttlMs);
  return {
    acquire: (tenant, key) => table.acquire(tenant, key),
    releaseAll: () => table.releaseAll(),
  };
}

/**
 * The claims of one store.
 *
 * - E1. A claim is told to be lost as soon as another process could have it, also while the disk hangs.
 * - E2. A claim that was lost is not renewed with the others.
 */
class LeaseTable {
  readonly #client: DatabaseClient;
  readonly #ttlMs: number;
  readonly #owner = ownerName(randomUUID());
  readonly #held = new Map<string, Held>();
  readonly #claiming = new Set<Promise<unknown>>();
  readonly #renewing = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(client: DatabaseClient, ttlMs: number) {
    this.#client = client;
    this.#ttlMs = ttlMs;
  }

  async acquire(tenant: string, key: string): Promise<Lease | undefined> {
    assertLeaseKey(tenant, key);
    if (this.#closed) throw journalClosed();
    const claiming = this.#claim(tenant, key);
    this.#claiming.add(claiming);
    try {
      return await claiming;
    } finally {
      this.#claiming.delete(claiming);
    }
  }

  async releaseAll(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.allSettled(this.#claiming);
    const leases = [...this.#held.values()];
    for (const lease of leases) this.#lose(lease, journalClosed());
    await Promise.allSettled(leases.map((lease) => this.#release(lease)));
  }

  async #claim(tenant: string, key: string): Promise<Lease | undefined> {
    // From before the question: the store counts from its answer, so nobody has the key before we give it up.
    const until = performance.now() + this.#ttlMs;
    const question = { op: "acquire", tenant, key, owner: this.#owner, ttlMs: this.#ttlMs } as const;
    const acquired = await this.#client.ask(question);
    return acquired ? this.#hold({ tenant, key, lost: new AbortController(), until }) : undefined;
  }

  #hold(lease: Held): Lease {
    const name = nameOf(lease);
    this.#held.set(name, lease);
    this.#timer ??= setInterval(() => this.#beat(), this.#ttlMs / 3).unref();
    return {
      lost: lease.lost.signal,
      [Symbol.asyncDispose]: async () => {
        if (this.#held.get(name) !== lease) return;
        this.#held.delete(name);
        await this.#release(lease);
      },
    };
  }

  #beat(): void {
    const now = performance.now();
    const tenants = new Map<string, Held[]>();
    for (const lease of this.#held.values()) {
      if (now >= lease.until) this.#lose(lease, leaseLost(lease.key));
      else tenants.set(lease.tenant, [...(tenants.get(lease.tenant) ?? []), lease]);
    }
    for (const [tenant, leases] of tenants) {
      if (this.#renewing.has(tenant)) continue;
      this.#renewing.add(tenant);
      // What could not be renewed runs out, which a later beat sees.
      this.#renew(tenant, leases)
        .catch(() => undefined)
        .finally(() => this.#renewing.delete(tenant));
    }
  }

  async #renew(tenant: string, leases: readonly Held[]): Promise<void> {
    const until = performance.now() + this.#ttlMs;
    const keys = leases.map(({ key }) => key);
    const kept = new Set(await this.#client.ask({ op: "renew", tenant, keys, owner: this.#owner }));
    for (const lease of leases) {
      if (kept.has(lease.key)) lease.until = until;
      else this.#lose(lease, leaseLost(lease.key));
    }
  }

  #lose(lease: Held, reason: TauError): void {
    if (this.#held.get(nameOf(lease)) !== lease) return;
    this.#held.delete(nameOf(lease));
    lease.lost.abort(reason);
  }

  async #release({ tenant, key }: Held): Promise<void> {
    // What cannot be released runs out by itself.
    await this.#client.ask({ op: "release", tenant, key, owner: this.#owner }).catch(() => null);
  }
}

function nameOf({ tenant, key }: Held): string {
  return `${tenant}/${key}`;
}

function leaseLost(key: string): TauError {
  return new TauError(
    "lease.lost",
    `The lease of "${key}" was lost: another process holds it, or it could not be renewed in time.`,
  );
}
