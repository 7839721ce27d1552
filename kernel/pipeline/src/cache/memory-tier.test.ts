import { noUsage } from "@tau/core";
import { describe, expect, test } from "vitest";

import { describeCacheTier } from "../testing/describe-cache-tier.ts";
import { finishedWith } from "../pipeline.test.support.ts";
import type { CacheEntry } from "./cache-tier.ts";
import { entryId, MemoryTier } from "./memory-tier.ts";

describeCacheTier("MemoryTier", async () => {
  const memory = new MemoryTier();
  return {
    tier: {
      get: async (tenant, key, now) => memory.get(entryId(tenant, key), now),
      put: async (entry) => memory.put(entryId(entry.tenant, entry.key), entry),
      drop: async (scope) => memory.drop(scope),
    },
    async [Symbol.asyncDispose]() {},
  };
});

function entryOf(key: string, characters = 10): CacheEntry {
  const answer = { ...finishedWith("x".repeat(characters)), usage: noUsage };
  return { tenant: "acme", key, expiresAt: 100, answer };
}

function put(memory: MemoryTier, key: string, characters?: number): void {
  memory.put(entryId("acme", key), entryOf(key, characters));
}

describe("MemoryTier", () => {
  test("lets the answer used longest ago give way when there are too many", () => {
    const memory = new MemoryTier({ maxEntries: 2 });
    put(memory, "a");
    put(memory, "b");
    memory.get(entryId("acme", "a"), 0);
    put(memory, "c");

    expect(["a", "b", "c"].filter((key) => memory.get(entryId("acme", key), 0) !== undefined)).toEqual([
      "a",
      "c",
    ]);
  });

  test("never holds more bytes than it may, and gives all of them back", () => {
    const memory = new MemoryTier({ maxBytes: 10_000 });
    for (let n = 0; n < 50; n++) put(memory, `k${n}`, n * 20);
    expect(memory.bytes).toBeLessThanOrEqual(10_000);
    expect(memory.get(entryId("acme", "k49"), 0)).toBeDefined();

    put(memory, "k49", 0);
    memory.get(entryId("acme", "k49"), 100);
    memory.drop({ tenant: "acme" });

    expect(memory.bytes).toBe(0);
  });

  test("does not let one answer that is too large drive the others out", () => {
    const memory = new MemoryTier({ maxBytes: 10_000 });
    put(memory, "small");
    put(memory, "large", 6_000);

    expect(memory.get(entryId("acme", "large"), 0)).toBeUndefined();
    expect(memory.get(entryId("acme", "small"), 0)).toBeDefined();
  });
});
