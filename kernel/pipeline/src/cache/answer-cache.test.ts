import { setImmediate as nextTurn } from "node:timers/promises";

import type { Model, ModelRequest } from "@tau/agent";
import { textOf, userText } from "@tau/core";
import type { CallContext, ModelEvent, Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, finishedWith, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { Script } from "../pipeline.test.support.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { createAnswerCache } from "./answer-cache.ts";
import type { AnswerCacheOptions } from "./answer-cache.ts";
import type { CacheEntry, CacheTier } from "./cache-tier.ts";
import { entryId, MemoryTier } from "./memory-tier.ts";

const exact: ModelRequest = { ...question, temperature: 0 };

/** What iam does, without its questions. */
function scoped(scopes: readonly string[] = ["chat"]): Layer {
  return {
    name: "iam",
    wrap: (next) => (call) => {
      call.record.allowedScopes = scopes;
      return next(call);
    },
  };
}

/** A shared tier in memory, and everything that was put into it. */
function sharedTier(): CacheTier & { readonly memory: MemoryTier } {
  const memory = new MemoryTier();
  return {
    memory,
    get: async (tenant, key, now) => memory.get(entryId(tenant, key), now),
    put: async (entry) => memory.put(entryId(entry.tenant, entry.key), entry),
    drop: async (scope) => memory.drop(scope),
  };
}

function setUp(scripts: readonly Script[], options: AnswerCacheOptions = {}, scopes?: readonly string[]) {
  const seen: Observation[] = [];
  const cache = createAnswerCache({ observer: (event) => seen.push(event), ...options });
  const played = playing(scripts);
  const pipeline = withLayers(played.model, scoped(scopes), cache.layer);
  const ask = async (request = exact, context: Partial<CallContext> = {}) => {
    const { message, telemetry } = await pipeline.complete(request, contextOf(context));
    return [textOf(message), telemetry.cacheHit] as const;
  };
  return { cache, played, pipeline, ask, seen };
}

const word: readonly ModelEvent[] = [{ type: "text_delta", text: "One " }];

describe("createAnswerCache()", () => {
  test("keeps nothing in memory that was purged while the shared tier was asked", async () => {
    const shared = sharedTier();
    const [asked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: CacheTier = {
      ...shared,
      async get(tenant, key, at) {
        const entry = await shared.get(tenant, key, at);
        asked.resolve();
        await goOn.promise;
        return entry;
      },
    };
    await setUp([hello], { l2: shared }).ask();
    const { ask, cache } = setUp([hello], { l2: slow });
    const first = ask();
    await asked.promise;
    await cache.purge({ tenant: "acme" });
    goOn.resolve();

    expect(await first).toEqual(["Hello, world.", true]);
    expect(await ask()).toEqual(["Hello, world.", false]);
  });

  test.each(["get", "put"] as const)(
    "A2: fails no call when a tier's %s and the observer throw",
    async (op) => {
      const broken = { ...sharedTier(), [op]: () => Promise.reject(new Error("no cache")) };
      const observer = (): never => {
        throw new Error("no log");
      };
      const { ask, cache } = setUp([hello], { l2: broken, observer });

      expect(await ask()).toEqual(["Hello, world.", false]);
      await expect(cache[Symbol.asyncDispose]()).resolves.toBeUndefined();
    },
  );

  test("A4: answers the second time without asking, as a stream with the same end", async () => {
    const { pipeline, played, ask } = setUp([hello]);

    expect(await ask()).toEqual(["Hello, world.", false]);
    expect(await ask()).toEqual(["Hello, world.", true]);
    const { stream, record } = pipeline.start(exact, contextOf());
    expect(await readAll(stream)).toEqual([
      [{ type: "text_delta", text: "Hello, world." }, finishedWith("Hello, world.")],
    ]);
    expect([record.cacheHit, record.cacheLevel, record.attempts]).toEqual([true, "l1", []]);
    expect(played.calls()).toBe(1);
  });

  test("A4: streams thinking and tool calls of a kept answer in their stages", async () => {
    const answer = {
      ...finishedWith(""),
      message: {
        role: "assistant" as const,
        parts: [
          { type: "thinking" as const, text: "Hm." },
          { type: "tool_call" as const, id: "c1", name: "add", arguments: '{"a":1}' },
          { type: "tool_call" as const, id: "c2", name: "now", arguments: "" },
        ],
      },
      stopReason: "tool_calls" as const,
    };
    const { pipeline, ask } = setUp([[[answer]]]);
    await ask();

    expect((await readAll(pipeline.start(exact, contextOf()).stream)).flat()).toEqual([
      { type: "thinking_delta", text: "Hm." },
      { type: "tool_call_started", index: 0, id: "c1", name: "add" },
      { type: "tool_call_delta", index: 0, fragment: '{"a":1}' },
      { type: "tool_call_started", index: 1, id: "c2", name: "now" },
      answer,
    ]);
  });

  test("A1: keeps nothing that would be answered otherwise another time", async () => {
    const { played, ask, pipeline } = setUp([hello]);
    for (const request of [question, { ...question, temperature: 0.5 }]) {
      expect(await ask(request)).toEqual(["Hello, world.", false]);
      expect(await ask(request)).toEqual(["Hello, world.", false]);
    }

    const { record, stream } = pipeline.start(question, contextOf());
    await readAll(stream);
    expect(record.cacheRefusal).toBe("not_deterministic");
    expect(played.calls()).toBe(5);
  });

  test("A1: keeps nothing while nobody has decided about scopes", async () => {
    const { cache, played } = setUp([hello]);
    const pipeline = withLayers(played.model, cache.layer);

    for (let n = 0; n < 2; n++) {
      const { record, stream } = pipeline.start(exact, contextOf());
      await readAll(stream);
      expect(record.cacheRefusal).toBe("no_scopes");
    }
    expect(played.calls()).toBe(2);
  });

  test.each(["length", "content_filtered", "stop_sequence", "pause"] as const)(
    "A1: does not keep an answer that ended by %s",
    async (stopReason) => {
      const { played, ask } = setUp([[[{ ...finishedWith("x"), stopReason }]]]);
      await ask();
      await ask();

      expect(played.calls()).toBe(2);
    },
  );

  test("keeps tenants and scopes apart", async () => {
    const cache = createAnswerCache();
    const played = playing([hello]);
    for (const [tenant, scopes] of [
      ["acme", ["chat"]],
      ["globex", ["chat"]],
      ["acme", ["chat", "admin"]],
    ] as const) {
      const pipeline = withLayers(played.model, scoped(scopes), cache.layer);
      expect((await pipeline.complete(exact, contextOf({ tenant }))).telemetry.cacheHit).toBe(false);
    }
    expect(played.calls()).toBe(3);
  });

  test("A3: takes a forged entry of another tenant for a miss, raises an alert and drops it", async () => {
    const entries = new Map<string, CacheEntry>();
    const l2: CacheTier = {
      get: async (_tenant, key) => entries.get(key),
      put: async (entry) => void entries.set(entry.key, { ...entry, tenant: "globex" }),
      drop: async ({ key = "" }) => void entries.delete(key),
    };
    const { ask, seen, cache, played } = setUp([hello], { l2, policyFor: () => ({ l1: false }) });
    await ask();
    await cache[Symbol.asyncDispose]();
    expect(entries.size).toBe(1);

    expect(await ask()).toEqual(["Hello, world.", false]);

    expect(played.calls()).toBe(2);
    expect(seen).toMatchObject([{ name: "cache.tenant_mismatch", level: 17, tenant: "acme" }]);
  });

  test("finds in the shared tier what another process kept, and then in its own memory", async () => {
    const l2 = sharedTier();
    const first = setUp([hello], { l2 });
    await first.ask();
    await first.cache[Symbol.asyncDispose]();
    const second = setUp([[new Error("must not be asked")]], { l2 });
    const levels: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const { stream, record } = second.pipeline.start(exact, contextOf());
      await readAll(stream);
      levels.push(record.cacheLevel);
    }

    expect(levels).toEqual(["l2", "l1"]);
  });

  test("A2: a shared tier that fails is a miss and a warning, never a failed call", async () => {
    const down = new Error("connection refused");
    const l2: CacheTier = {
      get: () => Promise.reject(down),
      put: () => Promise.reject(down),
      drop: () => Promise.reject(down),
    };
    const { ask, cache, seen } = setUp([hello], { l2, policyFor: () => ({ l1: false }) });

    expect(await ask()).toEqual(["Hello, world.", false]);
    await cache[Symbol.asyncDispose]();

    expect(seen).toMatchObject([
      { name: "cache.failed", level: 13, attributes: { op: "get" }, error: down },
      { name: "cache.failed", level: 13, attributes: { op: "put" }, error: down },
    ]);
    await expect(cache.purge({ tenant: "acme" })).rejects.toBe(down);
  });

  test("A2: neither a policy nor a shared tier that throws at once fails a call", async () => {
    const broken = (): never => {
      throw new Error("broken");
    };
    const policy = setUp([hello], { policyFor: broken });
    const tier = setUp([hello], { l2: { get: broken, put: broken, drop: broken } });

    expect(await policy.ask()).toEqual(["Hello, world.", false]);
    expect(await tier.ask()).toEqual(["Hello, world.", false]);
    expect(policy.seen).toMatchObject([{ name: "cache.failed", attributes: { op: "policy" } }]);
    expect(tier.seen).toMatchObject([
      { name: "cache.failed", attributes: { op: "get" } },
      { name: "cache.failed", attributes: { op: "put" } },
    ]);
  });

  test("forgets after the time of its tier", async () => {
    let now = 0;
    const { ask } = setUp([hello], { now: () => now });
    await ask();
    now = 599_999;
    expect(await ask()).toEqual(["Hello, world.", true]);
    now = 600_000;

    expect(await ask()).toEqual(["Hello, world.", false]);
  });

  test("drops the answers of a session, and of a tenant, from both tiers", async () => {
    const { ask, cache } = setUp([hello], { l2: sharedTier() });
    const other = { ...exact, seed: 2 };
    const fill = async (): Promise<void> => {
      await ask(exact, { sessionId: "s1" });
      await ask(other, { sessionId: "s2" });
      await cache[Symbol.asyncDispose]();
    };
    await fill();
    await cache.purge({ tenant: "acme", sessionId: "s1" });
    expect([(await ask(other))[1], (await ask(exact))[1]]).toEqual([true, false]);
    await fill();

    await cache.purge({ tenant: "acme" });

    expect([(await ask(other))[1], (await ask(exact))[1]]).toEqual([false, false]);
  });

  test("asks once for equal calls that are under way, and streams to all of them", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const model: Model = {
      provider: "test",
      id: "slow",
      async *stream() {
        calls++;
        yield word;
        await gate.promise;
        yield [finishedWith("One two.")];
      },
    };
    const cache = createAnswerCache();
    const pipeline = withLayers(model, scoped(), cache.layer);
    const started = Array.from({ length: 20 }, (_, n) =>
      pipeline.start(exact, contextOf({ principal: { id: `p${n}`, kind: "person", scopes: [] } })),
    );
    const readers = started.map(async ({ stream }) => {
      const iterator = stream[Symbol.asyncIterator]();
      const first = await iterator.next();
      return { first, rest: iterator };
    });
    const firsts = await Promise.all(readers);
    expect(firsts.map(({ first }) => first.value)).toEqual(started.map(() => word));
    gate.resolve();
    for (const { rest } of firsts) expect((await rest.next()).value).toEqual([finishedWith("One two.")]);

    expect(calls).toBe(1);
    expect(started.map(({ record }) => record.cacheLevel)).toEqual([
      undefined,
      ...Array.from({ length: 19 }, () => "flight"),
    ]);
  });

  test("goes on for the others when the caller who began is aborted or past its deadline", async () => {
    const gate = Promise.withResolvers<void>();
    const deadlines: unknown[] = [];
    const model: Model = {
      provider: "test",
      id: "slow",
      async *stream(_request, { signal, deadline }) {
        deadlines.push(deadline);
        yield word;
        await gate.promise;
        signal.throwIfAborted();
        yield [finishedWith("One two.")];
      },
    };
    const pipeline = withLayers(model, scoped(), createAnswerCache().layer);
    const controller = new AbortController();
    const context = contextOf({ signal: controller.signal, deadline: Date.now() + 600_000 });
    const leader = readAll(pipeline.stream(exact, context));
    const follower = readAll(pipeline.stream(exact, contextOf()));
    await nextTurn();
    controller.abort(new Error("enough"));

    await expect(leader).rejects.toThrow("enough");
    gate.resolve();
    await expect(follower).resolves.toHaveLength(2);
    expect(deadlines).toEqual([undefined]);
  });

  test("tells what broke the provider's prompt cache", async () => {
    const { pipeline, seen } = setUp([hello]);
    const context = contextOf({ sessionId: "s1" });
    await pipeline.complete({ ...question, system: "It is 12:00." }, context);
    const { record, stream } = pipeline.start({ ...question, system: "It is 12:01." }, context);
    await readAll(stream);

    expect(record.cacheBreak).toMatchObject({ cause: "system_changed" });
    expect(seen).toMatchObject([{ name: "cache_break", attributes: { cause: "system_changed" } }]);
  });

  test("takes no answer for one with other messages", async () => {
    const { ask, played } = setUp([hello]);
    await ask();
    await ask({ ...exact, messages: [userText("Say hello!")] });

    expect(played.calls()).toBe(2);
  });
});

describeLayer("createAnswerCache().layer", () => {
  const cache = createAnswerCache({ l2: sharedTier() });
  return { layers: [scoped(), cache.layer], held: () => 0, request: { temperature: 0 } };
});

describeLayer("createAnswerCache().layer for answers that are not kept", () => ({
  layers: [scoped(), createAnswerCache().layer],
  held: () => 0,
}));
