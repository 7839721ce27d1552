import type { HostedPrefix, ModelRequest, PrefixHost, PromptPrefix } from "@tau/agent";
import { TauError, textOf, userText } from "@tau/core";
import type { CallContext, Message, Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createAnswerCache } from "../cache/answer-cache.ts";
import type { Layer } from "../layer.ts";
import { guardLayer } from "../guard/guard-layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, finishedWith, hello, playing, readAll } from "../pipeline.test.support.ts";
import { retryLayer } from "../retry-layer.ts";
import { routingLayer } from "../routing/routing-layer.ts";
import { createPrefixCaches } from "./prefix-caches.ts";
import type { PrefixCachesOptions } from "./prefix-caches.ts";
import { createMemoryPrefixBook } from "./prefix-record.ts";

const long = userText("word ".repeat(4_000));
const scoped: Layer = {
  name: "iam",
  wrap: (next) => (call) => {
    call.record.allowedScopes = ["chat"];
    return next(call);
  },
};

/** A provider that keeps prefixes, answers how many messages it was sent, and refuses handles that it does not know. */
function provider() {
  const kept = new Map<string, HostedPrefix & { readonly prefix: PromptPrefix; readonly label: string }>();
  const asked: ModelRequest[] = [];
  let made = 0;
  let failing = false;
  const host: PrefixHost = {
    provider: "test",
    protocol: "test-protocol",
    use: (handle) => ({ cachedContent: handle }),
    async create(prefix, { ttlMs, label }, { signal }) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (failing) throw new TauError("model.overloaded", "busy");
      const handle = `cached/${++made}`;
      const tokens = prefix.messages.map(textOf).join("").length / 4;
      const hosted = { handle, tokens, expiresAt: ttlMs };
      kept.set(handle, { ...hosted, prefix, label });
      return hosted;
    },
    async remove(handle) {
      if (failing) throw new TauError("model.overloaded", "busy");
      kept.delete(handle);
    },
    list: async (label) => [...kept.values()].filter((hosted) => hosted.label === label),
  };
  const model = {
    provider: "test",
    id: "m",
    async *stream(request: ModelRequest) {
      asked.push(request);
      const handle = request.providerOptions?.["test-protocol"]?.["cachedContent"];
      if (typeof handle === "string" && !kept.has(handle))
        throw new TauError("model.not_found", "no such cache");
      const hidden = typeof handle === "string" ? (kept.get(handle)?.prefix.messages.length ?? 0) : 0;
      yield [finishedWith(`${request.messages.length} + ${hidden}`)];
    },
  };
  return {
    host,
    model,
    kept,
    asked,
    made: () => made,
    fail: (now: boolean) => (failing = now),
  };
}

async function setUp(options: Partial<PrefixCachesOptions> = {}, at = provider()) {
  const seen: Observation[] = [];
  const clock = { now: 0 };
  const caches = await createPrefixCaches({
    hosts: [at.host],
    tickMs: 0,
    now: () => clock.now,
    observer: (event) => seen.push(event),
    ...options,
  });
  const cache = createAnswerCache({ prefixCaches: caches });
  const pipeline = withLayers(at.model, scoped, cache.layer);
  const ask = async (messages: readonly Message[], context: Partial<CallContext> = {}, more = {}) => {
    const request = { system: "Be brief.", messages, tools: [], ...more };
    const { message } = await pipeline.complete(request, contextOf({ sessionId: "s1", ...context }));
    await caches.settled();
    return textOf(message);
  };
  return { at, caches, pipeline, ask, seen, clock };
}

const [q1, q2, q3] = [userText("one?"), userText("two?"), userText("three?")];

describe("createPrefixCaches()", () => {
  test("makes a prefix beside the second call, and lets the third continue it", async () => {
    const { ask, at } = await setUp();

    expect(await ask([long, q1])).toBe("2 + 0");
    expect(at.made()).toBe(0);
    expect(await ask([long, q2])).toBe("2 + 0");
    expect(await ask([long, q3])).toBe("1 + 1");

    const { system, messages } = at.asked[2] ?? {};
    expect([system, messages]).toEqual([undefined, [q3]]);
    expect(at.kept.get("cached/1")?.prefix).toEqual({ model: "m", system: "Be brief.", messages: [long] });
  });

  test("shares a prefix between sessions of a tenant, and never between tenants", async () => {
    const { ask, at, caches } = await setUp({ minCalls: 1 });
    await ask([long, q1]);

    expect(await ask([long, q1], { sessionId: "s2" })).toBe("1 + 1");
    expect([...caches.references().values()]).toEqual([1]);
    expect(await ask([long, q1], { tenant: "globex" })).toBe("2 + 0");
    expect(await ask([long, q1], { tenant: "globex" })).toBe("1 + 1");
    expect(at.made()).toBe(2);
  });

  test.each([
    ["address", { address: "https://b.test/v1" }],
    ["settings", { settings: "a header" }],
  ])("shares no prefix with a model that has another %s", async (_name, other) => {
    const at = provider();
    const { ask, caches } = await setUp({ minCalls: 1 }, at);
    await ask([long, q1]);
    const cache = createAnswerCache({ prefixCaches: caches });
    const pipeline = withLayers({ ...at.model, ...other }, scoped, cache.layer);
    const request = { system: "Be brief.", messages: [long, q2], tools: [] };

    const { message } = await pipeline.complete(request, contextOf({ sessionId: "s1" }));

    expect(textOf(message)).toBe("2 + 0");
  });

  test.each([
    ["https://a.test/v1/models/m:stream", 1],
    ["https://a.test/v10/models/m:stream", 0],
    ["https://b.test/v1/models/m:stream", 0],
    [undefined, 1],
  ])("keeps at a host with an address only what is asked there: %s", async (address, made) => {
    const at = provider();
    const caches = await createPrefixCaches({
      hosts: [{ ...at.host, address: "https://a.test/v1" }],
      tickMs: 0,
      minCalls: 1,
    });
    const cache = createAnswerCache({ prefixCaches: caches });
    const model = address === undefined ? at.model : { ...at.model, address };
    const request = { messages: [long, q1], tools: [] };

    await withLayers(model, scoped, cache.layer).complete(request, contextOf({ sessionId: "s1" }));
    await caches.settled();

    expect(at.made()).toBe(made);
  });

  test("makes one prefix however many ask at once", async () => {
    const { ask, at } = await setUp({ minCalls: 1 });
    await Promise.all(Array.from({ length: 10 }, (_, n) => ask([long, q1], { sessionId: `s${n}` })));

    expect(at.made()).toBe(1);
  });

  test("makes a longer one when the conversation has doubled, not at every turn", async () => {
    const { ask, at } = await setUp({ minCalls: 1 });
    const turns: Message[] = [long];
    for (let turn = 0; turn < 12; turn++) {
      await ask([...turns, q1]);
      turns.push(userText("word ".repeat(1_000)));
    }

    expect(at.made()).toBe(2);
  });

  test.each([
    ["short prompts", {}, [userText("short"), q1]],
    ["prompts with tools", { tools: [{ name: "t", description: "", inputSchema: {} }] }, [long, q1]],
    ["callers who want none", { promptCache: "none" }, [long, q1]],
    ["a single message", {}, [long]],
  ])("makes none for %s", async (_name, more, messages) => {
    const { ask, at } = await setUp({ minCalls: 1 });
    await ask(messages, {}, more);
    await ask(messages, {}, more);

    expect(at.made()).toBe(0);
  });

  test("asks again without the prefix when the provider has forgotten it, and makes a new one", async () => {
    const { ask, at } = await setUp({ minCalls: 1 });
    await ask([long, q1]);
    at.kept.clear();

    expect(await ask([long, q2])).toBe("2 + 0");
    expect(await ask([long, q2])).toBe("2 + 0");
    expect(await ask([long, q3])).toBe("1 + 1");
  });

  test("sends the whole prompt to whoever is asked in the place of the one with the prefix", async () => {
    const at = provider();
    const { ask, caches } = await setUp({ minCalls: 1 }, at);
    await ask([long, q1]);
    const asked: ModelRequest[] = [];
    const busy = playing([[new TauError("model.overloaded", "busy", { class: "retryable" })]]);
    const other = playing([hello], { provider: "other" }).model;
    const pipeline = withLayers(
      at.model,
      scoped,
      createAnswerCache({ prefixCaches: caches }).layer,
      routingLayer({
        candidates: [
          { ...busy.model, provider: at.model.provider, id: at.model.id },
          { ...other, stream: (request, context) => (asked.push(request), other.stream(request, context)) },
        ],
      }),
    );
    const request = { system: "Be brief.", messages: [long, q2], tools: [] };
    await pipeline.complete(request, contextOf({ sessionId: "s1" }));

    expect(asked).toEqual([request]);
  });

  test("counts a call once however often it is tried", async () => {
    const { at, caches } = await setUp();
    const busy = new TauError("model.overloaded", "busy", { class: "retryable" });
    const { model } = playing([[busy], [busy], hello]);
    const layers = [createAnswerCache({ prefixCaches: caches }).layer, retryLayer({ baseMs: 0 })];
    const pipeline = withLayers({ ...model, provider: "test" }, scoped, ...layers);
    await pipeline.complete({ messages: [long, q1], tools: [] }, contextOf({ sessionId: "s1" }));
    await caches.settled();

    expect(at.made()).toBe(0);
  });

  test("keeps at the provider what the guard lets pass, and shows the guard the whole prompt", async () => {
    const at = provider();
    const { caches } = await setUp({ minCalls: 1 }, at);
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const pipeline = withLayers(
      at.model,
      scoped,
      createAnswerCache({ prefixCaches: caches }).layer,
      guardLayer(),
    );
    const told = userText(`${"word ".repeat(4_000)} ${secret}`);
    const ask = async (question: Message) => {
      const request = { messages: [told, question], tools: [] };
      const { record, stream } = pipeline.start(request, contextOf({ sessionId: "s1" }));
      await readAll(stream);
      await caches.settled();
      return record.guard?.findings.length;
    };

    expect([await ask(q1), await ask(q2)]).toEqual([1, 1]);
    expect(at.asked[1]?.messages).toEqual([q2]);
    expect(JSON.stringify([...at.kept.values()])).not.toContain(secret);
  });

  test("passes a failure after the first words on, and keeps the prefix", async () => {
    const at = provider();
    const { ask, caches } = await setUp({ minCalls: 1 }, at);
    await ask([long, q1]);
    const broken = new TauError("model.not_found", "in the middle");
    const plain = at.model.stream;
    at.model.stream = async function* (request) {
      yield* plain(request);
      throw broken;
    };
    const pipeline = withLayers(
      {
        ...at.model,
        async *stream() {
          yield [{ type: "text_delta", text: "x" } as const];
          throw broken;
        },
      },
      scoped,
      createAnswerCache({ prefixCaches: caches }).layer,
    );

    const stream = pipeline.stream(
      { system: "Be brief.", messages: [long, q2], tools: [] },
      contextOf({ sessionId: "s1" }),
    );
    await expect(readAll(stream)).rejects.toBe(broken);
    expect(caches.references().size).toBe(1);
  });

  test("a provider that makes none costs no call", async () => {
    const { ask, at, seen } = await setUp({ minCalls: 1 });
    at.fail(true);

    expect(await ask([long, q1])).toBe("2 + 0");
    expect(seen).toMatchObject([{ name: "prefix_cache.failed", attributes: { op: "create" } }]);
  });

  test("the janitor removes at the provider what no session needs, and tries again when that fails", async () => {
    const { ask, at, caches, clock } = await setUp({ minCalls: 1 });
    await ask([long, q1]);
    await ask([long, q1]);
    caches.releaseSession("acme", "s1");
    clock.now = 300_000;
    at.fail(true);
    await caches.tick();
    expect(at.kept.size).toBe(1);
    at.fail(false);
    clock.now = 600_000;
    await caches.tick();

    expect([at.kept.size, caches.references().size]).toEqual([0, 0]);
  });

  test("takes up after a restart what the book knows", async () => {
    const book = createMemoryPrefixBook();
    const at = provider();
    const first = await setUp({ minCalls: 1, book }, at);
    await first.ask([long, q1]);
    await first.caches[Symbol.asyncDispose]();

    const second = await setUp({ minCalls: 1, book }, at);

    expect(await second.ask([long, q2])).toBe("1 + 1");
    expect(at.made()).toBe(1);
  });

  test("reconciles with the provider: removes its own orphans after half an hour, and nobody else's", async () => {
    const { ask, at, caches, clock } = await setUp({ minCalls: 1 });
    await ask([long, q1]);
    const prefix = { model: "m", system: "", messages: [] };
    await at.host.create(prefix, { ttlMs: 1, label: "tau" }, contextOf());
    await at.host.create(prefix, { ttlMs: 1, label: "other" }, contextOf());
    await caches.reconcile();
    clock.now = 1_799_999;
    await caches.reconcile();
    expect(at.kept.size).toBe(3);
    clock.now = 1_800_000;
    await caches.reconcile();
    expect([...at.kept.keys()]).toEqual(["cached/1", "cached/3"]);
    at.kept.delete("cached/1");

    await caches.reconcile();

    expect(caches.references().size).toBe(0);
  });

  test("forgets an orphan that ended by itself: one that comes later under its name has its own half hour", async () => {
    const { at, caches, clock } = await setUp({ minCalls: 1 });
    await at.host.create({ model: "m", system: "", messages: [] }, { ttlMs: 1, label: "tau" }, contextOf());
    const [found] = at.kept;
    if (found === undefined) throw new TypeError("One was made.");
    await caches.reconcile();
    at.kept.delete(found[0]);
    await caches.reconcile();
    at.kept.set(...found);
    clock.now = 1_800_000;

    await caches.reconcile();

    expect(at.kept.size).toBe(1);
  });

  test("stops what it is making when it is closed", async () => {
    const at = provider();
    const slow: PrefixHost = {
      ...at.host,
      create: (_prefix, _options, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    };
    const { caches, pipeline, seen } = await setUp({ minCalls: 1, hosts: [slow] }, at);
    const stream = pipeline.stream({ messages: [long, q1], tools: [] }, contextOf({ sessionId: "s1" }));
    await readAll(stream);
    await caches[Symbol.asyncDispose]();

    expect(seen).toMatchObject([{ name: "prefix_cache.failed", attributes: { op: "create" } }]);
  });
});
