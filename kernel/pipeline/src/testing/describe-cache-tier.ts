import { noUsage } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { CacheEntry, CacheScope, CacheTier } from "../cache/cache-tier.ts";

/** A tier under test; disposed of after each test. */
export interface CacheTierFixture extends AsyncDisposable {
  readonly tier: CacheTier;
  /** The same tier as another process sees it; absent where a tier belongs to one process. */
  readonly other?: CacheTier;
}

// The real time: stores that expire by a clock of their own must not be ahead of the test.
const now = Date.now();
const [k1, k2] = ["a".repeat(64), "b".repeat(64)];

function entryOf(fields: Partial<CacheEntry> = {}, text = "Hello. €😀\0"): CacheEntry {
  return {
    tenant: "acme",
    key: k1,
    sessionId: "s1",
    expiresAt: now + 60_000,
    answer: {
      type: "finished",
      message: {
        role: "assistant",
        parts: [
          { type: "thinking", text: "hm", signature: "sig" },
          { type: "text", text, citations: [{ url: "https://example.com" }] },
          { type: "tool_call", id: "c", name: "add", arguments: '{"a": 1}' },
        ],
      },
      usage: { ...noUsage, inputTokens: 3 },
      stopReason: "stop",
      model: "m-1",
      responseId: "r",
    },
    ...fields,
  };
}

/**
 * Checks the contract of {@link CacheTier}; every adapter runs it in its own tests.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describeCacheTier(name: string, create: () => Promise<CacheTierFixture>): void {
  describe(`${name} keeps the contract of CacheTier`, () => {
    test("T1: answers what was put, as it was put, and what was put last", async () => {
      await using fixture = await create();
      const { tier } = fixture;
      const { sessionId: _none, ...anonymous } = entryOf({ key: k2 });
      await tier.put(entryOf({}, "old"));
      await tier.put(entryOf());
      await tier.put(anonymous);

      expect(await tier.get("acme", k1, now)).toEqual(entryOf());
      expect(await tier.get("acme", k2, now)).toEqual(anonymous);
    });

    test("T1: knows nothing that is unknown, expired or another tenant's", async () => {
      await using fixture = await create();
      const { tier } = fixture;
      await tier.put(entryOf());

      expect(await tier.get("acme", k2, now)).toBeUndefined();
      expect(await tier.get("globex", k1, now)).toBeUndefined();
      expect(await tier.get("acme", k1, now + 59_999)).toBeDefined();
      expect(await tier.get("acme", k1, now + 60_000)).toBeUndefined();
    });

    test("T1: keeps the same key of two tenants apart", async () => {
      await using fixture = await create();
      const { tier } = fixture;
      await tier.put(entryOf({ tenant: "globex" }, "theirs"));
      await tier.put(entryOf({}, "ours"));

      expect(await tier.get("globex", k1, now)).toEqual(entryOf({ tenant: "globex" }, "theirs"));
    });

    test("T2: drops one answer, a session's, or a tenant's, and nothing else", async () => {
      await using fixture = await create();
      const { tier } = fixture;
      const keys = [k1, k2];
      const all = async (): Promise<readonly string[]> => {
        const found: string[] = [];
        for (const tenant of ["acme", "acme-2"]) {
          for (const key of keys) {
            const entry = await tier.get(tenant, key, now);
            if (entry !== undefined) found.push(`${tenant} ${entry.sessionId} ${key[0]}`);
          }
        }
        return found;
      };
      const fill = async (): Promise<void> => {
        for (const tenant of ["acme", "acme-2"]) {
          for (const key of keys) await tier.put(entryOf({ tenant, key, sessionId: `s-${key[0]}` }));
        }
      };

      await fill();
      await tier.drop({ tenant: "acme", key: k1 });
      expect(await all()).toEqual(["acme s-b b", "acme-2 s-a a", "acme-2 s-b b"]);
      await fill();
      await tier.drop({ tenant: "acme", sessionId: "s-b" });
      expect(await all()).toEqual(["acme s-a a", "acme-2 s-a a", "acme-2 s-b b"]);
      await fill();
      await tier.drop({ tenant: "acme" });
      expect(await all()).toEqual(["acme-2 s-a a", "acme-2 s-b b"]);
      await tier.drop({ tenant: "never-seen" });
    });

    test("T1, T2: shows and drops what another process put", async () => {
      await using fixture = await create();
      const { tier, other = tier } = fixture;
      await other.put(entryOf());
      expect(await tier.get("acme", k1, now)).toEqual(entryOf());

      await tier.drop({ tenant: "acme" });

      expect(await other.get("acme", k1, now)).toBeUndefined();
    });

    test("T4: tells of drops by whoever shares the tier, until nobody listens", async () => {
      await using fixture = await create();
      const { tier, other = tier } = fixture;
      const heard: CacheScope[] = [];
      const stop = tier.onDrop?.((scope) => heard.push(scope));
      const told = stop === undefined ? 0 : 1;
      await other.drop({ tenant: "acme", sessionId: "s1" });
      await expect.poll(() => heard.length, { timeout: 5000, interval: 5 }).toBe(told);
      stop?.();
      await other.drop({ tenant: "acme", key: k1 });

      expect(heard).toEqual(told === 0 ? [] : [{ tenant: "acme", sessionId: "s1" }]);
    });
  });
}
