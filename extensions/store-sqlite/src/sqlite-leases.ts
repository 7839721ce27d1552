import { randomUUID } from "node:crypto";

import { TauError } from "@tau/core";
import { assertLeaseKey, journalClosed } from "@tau/runtime";
import type { Leases } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import { ownerName } from "./owner.ts";

/** {@link Leases} with a heart beat that ends with the store. */
export interface SqliteLeases extends Leases {
  /** Gives up every claim. */
  releaseAll(): Promise<void>;
}

interface Held {
  readonly tenant: string;
  readonly key: string;
  readonly lost: AbortController;
  /** When the claim runs out unless it is renewed. */
  until: number;
}

/** Makes {@link Leases} in the tenants' files: a claim lasts `ttlMs` and is renewed three times as often. */
export function createSqliteLeases(client: DatabaseClient, ttlMs: number): SqliteLeases {
  const owner = ownerName(randomUUID());
  const held = new Map<string, Held>();
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<unknown> = Promise.resolve();

  const beat = async (): Promise<void> => {
    const tenants = new Set([...held.values()].map(({ tenant }) => tenant));
    for (const tenant of tenants) await renewTenant(tenant);
  };

  const renewTenant = async (tenant: string): Promise<void> => {
    const until = Date.now() + ttlMs;
    const asked = [...held.values()].filter((lease) => lease.tenant === tenant);
    const keys = await client.ask({ op: "renew", tenant, owner, until }).catch(() => undefined);
    for (const lease of asked) {
      if (keys?.includes(lease.key) === true) lease.until = until;
      else if (keys !== undefined || Date.now() >= lease.until) lose(lease);
    }
  };

  const lose = (lease: Held): void => {
    if (held.delete(`${lease.tenant}/${lease.key}`)) lease.lost.abort(leaseLost(lease.key));
  };

  return {
    async acquire(tenant, key) {
      assertLeaseKey(tenant, key);
      const now = Date.now();
      const until = now + ttlMs;
      if (!(await client.ask({ op: "acquire", tenant, key, owner, now, until }))) return undefined;
      const lease: Held = { tenant, key, lost: new AbortController(), until };
      held.set(`${tenant}/${key}`, lease);
      timer ??= setInterval(() => {
        beating = beating.then(beat).catch(() => undefined);
      }, ttlMs / 3).unref();
      return {
        lost: lease.lost.signal,
        async [Symbol.asyncDispose]() {
          if (held.get(`${tenant}/${key}`) !== lease) return;
          held.delete(`${tenant}/${key}`);
          // What cannot be released runs out by itself.
          await client.ask({ op: "release", tenant, key, owner }).catch(() => undefined);
        },
      };
    },

    async releaseAll() {
      clearInterval(timer);
      await beating;
      const leases = [...held.values()];
      held.clear();
      for (const { lost } of leases) lost.abort(journalClosed());
      await Promise.allSettled(
        leases.map(({ tenant, key }) => client.ask({ op: "release", tenant, key, owner })),
      );
    },
  };
}

function leaseLost(key: string): TauError {
  return new TauError(
    "lease.lost",
    `The lease of "${key}" was lost: another process holds it, or it could not be renewed in time.`,
  );
}
