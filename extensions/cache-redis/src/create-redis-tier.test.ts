import { createClient } from "@redis/client";
import { noUsage } from "@tau/core";
import type { CacheEntry } from "@tau/pipeline";
import { describeCacheTier } from "@tau/pipeline/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createRedisTier } from "./create-redis-tier.ts";
import type { RedisTier } from "./create-redis-tier.ts";
import { startMuteServer, startRedisServer } from "./redis-server.test.support.ts";
import type { RedisServer } from "./redis-server.test.support.ts";

let server: RedisServer;
let opened = 0;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** A space of its own for each test. */
function freshPrefix(): string {
  return `test-${++opened}`;
}

async function open(prefix = freshPrefix()): Promise<RedisTier> {
  return await createRedisTier({ url: server.url, prefix, timeoutMs: 2_000 });
}

describeCacheTier("createRedisTier()", async () => {
  const prefix = freshPrefix();
  const [tier, other] = [await open(prefix), await open(prefix)];
  return {
    tier,
    other,
    async [Symbol.asyncDispose]() {
      await tier[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
});

const later = Date.now() + 60_000;

function entryOf(fields: Partial<CacheEntry> = {}): CacheEntry {
  return {
    tenant: "acme",
    key: "a".repeat(64),
    expiresAt: later,
    answer: {
      type: "finished",
      message: { role: "assistant", parts: [{ type: "text", text: "Hello." }] },
      usage: noUsage,
      stopReason: "stop",
      model: "m",
    },
    ...fields,
  };
}

/** A plain connection that sees and changes what lies in the server. */
async function raw() {
  const client = createClient({ url: server.url });
  await client.connect();
  return {
    client,
    [Symbol.dispose]() {
      client.destroy();
    },
  };
}

describe("createRedisTier()", () => {
  test("begins every key with prefix and tenant, and lets none of them live longer than its answer", async () => {
    const prefix = freshPrefix();
    await using tier = await open(prefix);
    using plain = await raw();
    await tier.put(entryOf({ sessionId: "s1" }));
    await tier.put(entryOf({ sessionId: "s1", key: "b".repeat(64), expiresAt: later - 30_000 }));

    const names = await plain.client.keys(`${prefix}*`);

    expect(names.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      `${prefix}:cache:{acme}:answer:${"a".repeat(64)}`,
      `${prefix}:cache:{acme}:answer:${"b".repeat(64)}`,
      `${prefix}:cache:{acme}:session:s1`,
    ]);
    for (const name of names) {
      const expires = await plain.client.pExpireTime(name);
      expect(expires).toBe(name.endsWith("b") ? later - 30_000 : later);
    }
  });

  test.each([
    ["cut text", (text: string) => text.slice(0, 40)],
    ["another tenant", (text: string) => text.replace('"acme"', '"globex"')],
    ["another key", (text: string) => text.replaceAll("aaaa", "cccc")],
    ["another version", (text: string) => text.replace('"version":1', '"version":9')],
    ["no answer", (text: string) => text.replace('"finished"', '"text_delta"')],
  ])("reads what was damaged as unknown: %s", async (_name, damage) => {
    const prefix = freshPrefix();
    await using tier = await open(prefix);
    using plain = await raw();
    const { tenant, key } = entryOf();
    const name = `${prefix}:cache:{${tenant}}:answer:${key}`;
    await tier.put(entryOf());
    expect(await tier.get(tenant, key, Date.now())).toEqual(entryOf());

    await plain.client.set(name, damage((await plain.client.get(name)) ?? ""));

    expect(await tier.get(tenant, key, Date.now())).toBeUndefined();
  });

  test("keeps no answer that is too long, and refuses names that are no tenants", async () => {
    await using tier = await createRedisTier({ url: server.url, prefix: freshPrefix(), maxCharacters: 50 });
    await tier.put(entryOf());

    expect(await tier.get("acme", entryOf().key, Date.now())).toBeUndefined();
    await expect(tier.get("a:b}", "k", 0)).rejects.toMatchObject({ code: "context.invalid_tenant" });
    await expect(tier.drop({ tenant: "*" })).rejects.toMatchObject({ code: "context.invalid_tenant" });
  });

  test("fails in time when the server hangs, and works again when it goes on", async () => {
    await using tier = await createRedisTier({ url: server.url, prefix: freshPrefix(), timeoutMs: 50 });
    server.pause();
    const failed = await tier.get("acme", "k", 0).catch((error: unknown) => error);
    server.resume();

    expect(failed).toMatchObject({ code: "redis.unavailable", class: "retryable" });
    await expect
      .poll(() => tier.get("acme", "k", 0).catch(() => "failed"), { timeout: 5_000 })
      .toBeUndefined();
  });

  test("says what is wrong with an address, a password or a server, and never the password", async () => {
    const [wrong, gone] = [
      server.url.replace("test-secret", "wrong-secret"),
      "redis://:wrong-secret@127.0.0.1:1",
    ];
    for (const [url, code] of [
      ["localhost:6379", "redis.invalid_url"],
      ["redis://:wrong-secret%@localhost:6379", "redis.invalid_url"],
      [wrong, "redis.unavailable"],
      [gone, "redis.unavailable"],
    ] as const) {
      const error: unknown = await createRedisTier({ url }).catch((thrown: unknown) => thrown);
      expect.soft(error, url).toMatchObject({ code });
      expect.soft(JSON.stringify([error, String(error)])).not.toContain("wrong-secret");
    }
  });

  test("gives up a purge in time when the server hangs, and keeps no connection to one that knows no channels", async () => {
    await using tier = await createRedisTier({ url: server.url, prefix: freshPrefix(), timeoutMs: 50 });
    server.pause();
    const failed: unknown = await tier.drop({ tenant: "acme" }).catch((error: unknown) => error);
    server.resume();
    expect(failed).toMatchObject({ code: "redis.unavailable" });

    await using mute = await startMuteServer();
    await expect(createRedisTier({ url: mute.url, timeoutMs: 50 })).rejects.toMatchObject({
      code: "redis.unavailable",
    });
    await expect.poll(mute.connections, { timeout: 5_000 }).toBe(0);
  });

  test("drops only keys of the tenant, whatever somebody wrote into its lists", async () => {
    const prefix = freshPrefix();
    await using tier = await open(prefix);
    using plain = await raw();
    const foreign = entryOf({ tenant: "globex" });
    await tier.put(foreign);
    await tier.put(entryOf({ sessionId: "s1" }));
    await plain.client.sAdd(
      `${prefix}:cache:{acme}:session:s1`,
      `${prefix}:cache:{globex}:answer:${foreign.key}`,
    );

    await tier.drop({ tenant: "acme", sessionId: "s1" });

    expect(await tier.get("acme", foreign.key, Date.now())).toBeUndefined();
    expect(await tier.get("globex", foreign.key, Date.now())).toEqual(foreign);
  });
});
