import { noUsage } from "@tau/core";
import { describe, expect, test } from "vitest";

import { describeCacheTier } from "../testing/describe-cache-tier.ts";
import { finishedWith } from "../pipeline.test.support.ts";
import type { CacheEntry } from "./cache-tier.ts";
import { MemoryTier } from "./memory-tier.ts";

describeCacheTier("MemoryTier", async () => {
  const memory = new MemoryTier();
  return {
    tier: {
      get: async (tenant, key, now) => memory.get(tenant, key, now),
      put: async (entry) => memory.put(entry),
      drop: async (scope) => memory.drop(scope),
    },
    async [Symbol.asyncDispose]() {},
  };
});

function entryOf(key: string, characters = 10): CacheEntry {
  const answer = { ...finishedWith("x".repeat(characters)), usage: noUsage };
  return { tenant: "acme", key, expiresAt: 100, answer };
}

describe("MemoryTier", () => {
  test("lets the answer used longest ago give way when there are too many", () => {
    const memory = new MemoryTier({ maxEntries: 2 });
    memory.put(entryOf("a"));
    memory.put(entryOf("b"));
    memory.get("acme", "a", 0);
    memory.put(entryOf("c"));

    expect(["a", "b", "c"].filter((key) => memory.get("acme", key, 0) !== undefined)).toEqual(["a", "c"]);
  });

  test("never holds more bytes than it may, and gives all of them back", () => {
    const memory = new MemoryTier({ maxBytes: 10_000 });
    for (let n = 0; n < 50; n++) memory.put(entryOf(`k${n}`, n * 20));
    expect(memory.bytes).toBeLessThanOrEqual(10_000);
    expect(memory.get("acme", "k49", 0)).toBeDefined();

    memory.put(entryOf("k49", 0));
    memory.get("acme", "k49", 100);
    memory.drop({ tenant: "acme" });

    expect(memory.bytes).toBe(0);
  });

  test("does not let one answer that is too large drive the others out", () => {
    const memory = new MemoryTier({ maxBytes: 10_000 });
    memory.put(entryOf("small"));
    memory.put(entryOf("large", 6_000));

    expect(memory.get("acme", "large", 0)).toBeUndefined();
    expect(memory.get("acme", "small", 0)).toBeDefined();
  });
});
