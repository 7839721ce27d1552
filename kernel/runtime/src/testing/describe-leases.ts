import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Lease, Leases } from "../lease.ts";
import { codeOf, naughtyStreams, naughtyTenants } from "./journal-samples.ts";

/** Leases under test, and what else must be closed after them. */
export interface OpenLeases extends AsyncDisposable {
  readonly leases: Leases;
}

/** How the suite opens the leases it tests. */
export interface LeasesAdapter {
  /** Opens leases that nobody holds; the suite disposes them. */
  readonly open: () => Promise<OpenLeases>;
  /** Opens others over the same data, as another process would. Absent when only one process can share them. */
  readonly reopen?: (first: OpenLeases) => Promise<OpenLeases>;
}

const leaseCommand = fc.record({
  tenant: fc.constantFrom("acme", "other"),
  key: fc.constantFrom("session/1", "session/2"),
  second: fc.boolean(),
  release: fc.boolean(),
});

/** The contract of {@link Leases}, as tests. Call it in a test file of the adapter. */
export function describeLeases(name: string, { open, reopen }: LeasesAdapter): void {
  describe(`${name} keeps the contract of Leases`, () => {
    test("a held key is nobody else's until it is released", async () => {
      await using store = await open();
      const lease = await hold(store.leases, "acme", "session/1");
      expect(lease.lost.aborted).toBe(false);
      expect(await store.leases.acquire("acme", "session/1")).toBeUndefined();
      await using otherKey = await hold(store.leases, "acme", "session/2");
      await using otherTenant = await hold(store.leases, "other", "session/1");
      expect([otherKey.lost.aborted, otherTenant.lost.aborted]).toEqual([false, false]);
      await lease[Symbol.asyncDispose]();
      await using next = await hold(store.leases, "acme", "session/1");
      expect(next.lost.aborted).toBe(false);
    });

    test("of many that ask at once, one gets it", async () => {
      await using store = await open();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => store.leases.acquire("acme", "session/1")),
      );
      expect(answers.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    test("releasing twice does not take the next holder's claim", async () => {
      await using store = await open();
      const first = await hold(store.leases, "acme", "session/1");
      await first[Symbol.asyncDispose]();
      await using next = await hold(store.leases, "acme", "session/1");
      await first[Symbol.asyncDispose]();
      expect(next.lost.aborted).toBe(false);
      expect(await store.leases.acquire("acme", "session/1")).toBeUndefined();
    });

    test.each(naughtyTenants)("tenant %j is refused", async (tenant) => {
      await using store = await open();
      expect(await codeOf(store.leases.acquire(tenant, "session/1"))).toBe("context.invalid_tenant");
    });

    test.each(naughtyStreams)("key %j is refused", async (key) => {
      await using store = await open();
      expect(await codeOf(store.leases.acquire("acme", key))).toBe("lease.invalid_key");
    });

    test("any order of acquiring and releasing agrees with a model", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(leaseCommand, { maxLength: 25 }), async (commands) => {
          await using first = await open();
          await using second = (await reopen?.(first)) ?? (await nothing(first.leases));
          const held = new Map<string, Lease>();
          for (const command of commands) {
            const id = `${command.tenant} ${command.key}`;
            const holder = held.get(id);
            if (command.release) {
              await holder?.[Symbol.asyncDispose]();
              held.delete(id);
              continue;
            }
            const { leases } = command.second ? second : first;
            const lease = await leases.acquire(command.tenant, command.key);
            expect(lease === undefined).toBe(holder !== undefined);
            if (lease) held.set(id, lease);
          }
          for (const lease of held.values()) await lease[Symbol.asyncDispose]();
        }),
        { numRuns: 30 },
      );
    });

    if (reopen) sharedLeaseTests(open, reopen);
  });
}

function sharedLeaseTests(
  open: () => Promise<OpenLeases>,
  reopen: (first: OpenLeases) => Promise<OpenLeases>,
): void {
  test("a store that is closed holds nothing any more", async () => {
    const first = await open();
    const lease = await hold(first.leases, "acme", "session/1");
    await using second = await reopen(first);
    expect(await second.leases.acquire("acme", "session/1")).toBeUndefined();
    await first[Symbol.asyncDispose]();
    expect(lease.lost.aborted).toBe(true);
    await using next = await hold(second.leases, "acme", "session/1");
    expect(next.lost.aborted).toBe(false);
  });
}

async function hold(leases: Leases, tenant: string, key: string): Promise<Lease> {
  const lease = await leases.acquire(tenant, key);
  if (!lease) throw new Error(`${tenant} ${key} is held by somebody else`);
  return lease;
}

async function nothing(leases: Leases): Promise<OpenLeases> {
  return { leases, [Symbol.asyncDispose]: async () => undefined };
}
