import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { PrefixRecord } from "./prefix-record.ts";
import { PrefixShelf } from "./prefix-shelf.ts";

function recordOf(id: string, fields: Partial<PrefixRecord> = {}): PrefixRecord {
  return {
    id,
    tenant: "acme",
    provider: "gemini",
    model: "m",
    handle: `handle/${id}`,
    tokens: 1_000,
    messages: 1,
    createdAt: 0,
    expiresAt: 1_000_000_000,
    ...fields,
  };
}

const ids = (records: readonly PrefixRecord[]): readonly string[] => records.map(({ id }) => id);

describe("PrefixShelf", () => {
  test("S2: keeps a prefix for the grace after its last session, and takes it up again", () => {
    const shelf = new PrefixShelf();
    shelf.add(recordOf("a"), 0);
    shelf.acquire("a", "s1", 0);
    shelf.acquire("a", "s2", 0);
    shelf.releaseSession("acme", "s1", 10);
    expect([shelf.references("a"), ids(shelf.evict(1_000_000 - 300_001))]).toEqual([1, []]);
    shelf.releaseSession("acme", "s2", 700_000);
    expect(ids(shelf.evict(999_999))).toEqual([]);
    expect(shelf.acquire("a", "s3", 999_999)?.id).toBe("a");
    shelf.releaseSession("acme", "s3", 1_000_000);

    expect(ids(shelf.evict(1_300_000))).toEqual(["a"]);
    expect(shelf.acquire("a", "s4", 1_300_000)).toBeUndefined();
  });

  test("takes a session that asks nothing for 15 minutes for gone", () => {
    const shelf = new PrefixShelf({ graceMs: 1_000 });
    shelf.add(recordOf("a"), 0);
    shelf.acquire("a", "s1", 0);
    expect(ids(shelf.evict(899_999))).toEqual([]);

    expect(ids(shelf.evict(900_000))).toEqual([]);
    expect(shelf.references("a")).toBe(0);
    expect(ids(shelf.evict(901_000))).toEqual(["a"]);
  });

  test("gives no prefix to another tenant's session to release", () => {
    const shelf = new PrefixShelf();
    shelf.add(recordOf("a"), 0);
    shelf.acquire("a", "s1", 0);
    shelf.releaseSession("globex", "s1", 0);

    expect(shelf.references("a")).toBe(1);
  });

  test("neither gives out nor keeps what has ended at the provider", () => {
    const shelf = new PrefixShelf();
    shelf.add(recordOf("a", { expiresAt: 100 }), 0);
    shelf.acquire("a", "s1", 50);

    expect(shelf.acquire("a", "s2", 100)).toBeUndefined();
    expect(ids(shelf.evict(100))).toEqual(["a"]);
  });

  test("S3: above 80 % of a tenant's limit, what saves least gives way until 60 %", () => {
    const shelf = new PrefixShelf({ maxTokens: 10_000 });
    for (const [id, tokens, usedAt] of [
      ["small", 500, 100],
      ["old", 3_000, 0],
      ["new", 3_000, 100],
      ["large", 3_000, 90],
    ] as const) {
      shelf.add(recordOf(id, { tokens }), 0);
      shelf.acquire(id, "s", usedAt);
    }
    shelf.add(recordOf("theirs", { tenant: "globex", tokens: 8_000 }), 100);

    expect(ids(shelf.evict(100)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["large", "old"]);
    expect(ids(shelf.evict(100))).toEqual([]);
  });

  test("S1: counts as a set of sessions does, whatever happens in which order", () => {
    const action = fc.record({
      kind: fc.constantFrom("acquire", "release", "evict"),
      id: fc.constantFrom("a", "b"),
      session: fc.constantFrom("s1", "s2", "s3"),
      passed: fc.integer({ min: 0, max: 10_000 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const shelf = new PrefixShelf({ graceMs: 5_000, idleSessionMs: 1_000_000_000 });
        const users = new Map([
          ["a", new Set<string>()],
          ["b", new Set<string>()],
        ]);
        let now = 0;
        for (const id of users.keys()) shelf.add(recordOf(id), now);
        for (const { kind, id, session, passed } of actions) {
          now += passed;
          if (kind === "acquire" && shelf.acquire(id, session, now) !== undefined)
            users.get(id)?.add(session);
          if (kind === "release") {
            shelf.releaseSession("acme", session, now);
            for (const set of users.values()) set.delete(session);
          }
          if (kind === "evict") {
            for (const gone of ids(shelf.evict(now))) expect(users.get(gone)?.size).toBe(0);
          }
          for (const [name, set] of users) expect(shelf.references(name)).toBe(set.size);
        }
      }),
    );
  });
});
