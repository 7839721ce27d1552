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

interface LeaseCommand {
  readonly tenant: string;
  readonly key: string;
  /** Through the second door. */
  readonly second: boolean;
  readonly release: boolean;
}

const leaseCommand: fc.Arbitrary<LeaseCommand> = fc.record({
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

    test("a tenant or a key whose name is not one is refused", async () => {
      await using store = await open();
      for (const tenant of naughtyTenants) {
        const code = await codeOf(store.leases.acquire(tenant, "s"));
        expect({ tenant, code }).toEqual({ tenant, code: "context.invalid_tenant" });
      }
      for (const key of naughtyStreams) {
        const code = await codeOf(store.leases.acquire("acme", key));
        expect({ key, code }).toEqual({ key, code: "lease.invalid_key" });
      }
    });

    test("any order of acquiring and releasing agrees with a model", async () => {
      await using first = await open();
      await using second = (await reopen?.(first)) ?? (await nothing(first.leases));
      const program = fc.array(leaseCommand, { maxLength: 25 });
      const agrees = fc.asyncProperty(program, async (commands) => {
        await checkLeases([first.leases, second.leases], commands);
      });
      await expect(fc.assert(agrees, { numRuns: 30 })).resolves.toBeUndefined();
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

/** Acquires and releases through two doors to the same leases, and lets go of everything in the end. */
async function checkLeases(
  doors: readonly [Leases, Leases],
  commands: readonly LeaseCommand[],
): Promise<void> {
  const held = new Map<string, Lease>();
  for (const { tenant, key, second, release } of commands) {
    const name = `${tenant} ${key}`;
    const holder = held.get(name);
    if (release) {
      await holder?.[Symbol.asyncDispose]();
      held.delete(name);
      continue;
    }
    const lease = await doors[second ? 1 : 0].acquire(tenant, key);
    expect(lease === undefined).toBe(holder !== undefined);
    if (lease) held.set(name, lease);
  }
  for (const lease of held.values()) await lease[Symbol.asyncDispose]();
}

async function hold(leases: Leases, tenant: string, key: string): Promise<Lease> {
  const lease = await leases.acquire(tenant, key);
  if (!lease) throw new Error(`${tenant} ${key} is held by somebody else`);
  return lease;
}

async function nothing(leases: Leases): Promise<OpenLeases> {
  return { leases, [Symbol.asyncDispose]: async () => undefined };
}
