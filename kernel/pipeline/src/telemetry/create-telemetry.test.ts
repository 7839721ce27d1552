import type { ModelRequest } from "@tau/agent";
import { TauError, userText } from "@tau/core";
import type { CallContext, Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "../layer.ts";
import { withLayers } from "../pipeline.ts";
import { contextOf, finishedWith, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { Script } from "../pipeline.test.support.ts";
import { retryLayer } from "../retry-layer.ts";
import { describeCallEventStore } from "../testing/describe-call-event-store.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import type { CallEvent } from "./call-event.ts";
import { isCallEvent } from "./call-event.ts";
import { purgeExpired } from "./call-event-store.ts";
import type { CallEventStore } from "./call-event-store.ts";
import { createTelemetry, telemetryLayer } from "./create-telemetry.ts";
import type { TelemetryOptions } from "./create-telemetry.ts";
import { createMemoryCallEvents } from "./memory-call-events.ts";

const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
/** Put together when the tests run, so that no scanner takes this file for a leak. */
const secret = ["sk", "-proj-", "a1B2c3D4e5F6g7H8i9J0k1L2m3"].join("");

interface Calling {
  readonly scripts?: readonly Script[];
  readonly layers?: readonly Layer[];
  readonly request?: ModelRequest;
  readonly context?: Partial<CallContext>;
  readonly telemetry?: TelemetryOptions;
}

/** Makes one call, and gives what was kept and observed. */
async function call({
  scripts = [hello],
  layers = [],
  request = question,
  context = {},
  telemetry = {},
}: Calling) {
  const seen: Observation[] = [];
  const events = createMemoryCallEvents();
  await using told = createTelemetry({
    events,
    observer: (observation) => void seen.push(observation),
    ...telemetry,
  });
  const pipeline = withLayers(playing(scripts, { price }).model, told.layer, ...layers);
  const { record, stream } = pipeline.start(request, contextOf(context));
  const error = await readAll(stream).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await told.flush();
  const kept = (await events.read("acme")).filter(isCallEvent);
  return { seen, kept, error, record, events, spans: seen.filter(({ span }) => span !== undefined) };
}

/** Exactly one event is kept of every call. */
async function eventOf(calling: Calling): Promise<CallEvent | undefined> {
  const { kept } = await call(calling);
  expect(kept).toHaveLength(1);
  return kept[0];
}

describe("createTelemetry(), the event", () => {
  test("tells of an answer all but its words", async () => {
    const request: ModelRequest = {
      messages: [userText("a private question")],
      tools: [{ name: "look", description: "Looks.", inputSchema: { type: "object" } }],
      reasoning: "low",
      temperature: 0.5,
      maxOutputTokens: 100,
    };
    const event = await eventOf({ request, context: { sessionId: "s1" } });

    expect(event).toMatchObject({
      type: "llm.call",
      version: 1,
      tenant: "acme",
      sessionId: "s1",
      principalId: "ada",
      provider: "test",
      model: "test-1",
      actualModel: "test-1",
      requestFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      hasTools: true,
      hasThinking: true,
      hasStructuredOutput: false,
      temperature: 0.5,
      maxOutputTokens: 100,
      usage: { inputTokens: 10, outputTokens: 5 },
      costMicroUsd: 20,
      stopReason: "stop",
      telemetry: { cacheHit: false, layers: [{ name: "telemetry" }], attempts: [{ outcome: "answered" }] },
      result: { kind: "ok" },
      tags: [],
    });
    expect(JSON.stringify(event)).not.toMatch(/private|Hello/);
  });

  test("is one after retries, and tells of them", async () => {
    const layers = [retryLayer({ wait: async () => undefined })];
    const event = await eventOf({ scripts: [[busy], [busy], hello], layers });

    expect(event).toMatchObject({
      result: { kind: "ok" },
      telemetry: { retries: [{ errorCode: "model.overloaded" }, {}], attempts: [{}, {}, {}] },
    });
  });

  test("is one of a failure, with its code and class", async () => {
    expect(await eventOf({ scripts: [[busy]] })).toMatchObject({
      result: { kind: "error", code: "model.overloaded", class: "retryable" },
    });
    expect(await eventOf({ scripts: [[new Error("a bug with private words")]] })).toMatchObject({
      result: { kind: "error", code: "internal", class: "permanent" },
    });
  });

  test("is one of a refusal by a layer, with whom it was for", async () => {
    const refuse: Layer = {
      name: "iam",
      wrap: () => () => {
        throw new TauError("iam.denied", "No.", { class: "auth" });
      },
    };

    expect(await eventOf({ layers: [refuse] })).toMatchObject({
      provider: "test",
      model: "test-1",
      result: { kind: "error", code: "iam.denied" },
      telemetry: { attempts: [] },
    });
  });

  test("is one of a hit, which cost nothing", async () => {
    const hit: Layer = {
      name: "cache",
      wrap: () =>
        async function* ({ record }) {
          record.cacheHit = true;
          record.cacheLevel = "l1";
          yield [finishedWith("kept")];
        },
    };

    expect(await eventOf({ layers: [hit] })).toMatchObject({
      costMicroUsd: 0,
      telemetry: { cacheHit: true, cacheLevel: "l1" },
    });
  });

  test("is one of a call that was cancelled or left", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    expect(await eventOf({ context: { signal: controller.signal } })).toMatchObject({
      result: { kind: "left" },
    });

    const events = createMemoryCallEvents();
    await using told = createTelemetry({ events });
    const pipeline = withLayers(playing([hello]).model, told.layer);
    for await (const _ of pipeline.stream(question, contextOf())) break;
    pipeline.stream(question, contextOf());
    await told.flush();
    expect(await events.read("acme")).toMatchObject([{ result: { kind: "left" } }]);
  });

  test("has the name that auth found, not the one that was claimed", async () => {
    const auth: Layer = {
      name: "auth",
      wrap: (next) => (inner) => {
        inner.record.principal = { id: "grace", kind: "person", scopes: [] };
        return next(inner);
      },
    };

    expect(await eventOf({ layers: [auth] })).toMatchObject({ principalId: "grace" });
  });

  test("has the same fingerprint for equal requests of one tenant only", async () => {
    const events = createMemoryCallEvents();
    await using told = createTelemetry({ events });
    const pipeline = withLayers(playing([hello]).model, told.layer);
    const ask = async (tenant: string, request: ModelRequest): Promise<unknown> =>
      await pipeline.complete(request, contextOf({ tenant }));
    await ask("acme", { messages: [userText("a")], tools: [] });
    await ask("acme", { messages: [userText("a")], tools: [] });
    await ask("acme", { messages: [userText("a")], tools: [], seed: 1 });
    await ask("other", { messages: [userText("a")], tools: [] });
    await told.flush();
    const kept = [...(await events.read("acme")), ...(await events.read("other"))].filter(isCallEvent);
    const [first, same, seeded, foreign] = kept.map((event) => event.requestFingerprint);

    expect(same).toBe(first);
    expect(new Set([first, seeded, foreign]).size).toBe(3);
  });

  test("carries tags", async () => {
    expect(await eventOf({ telemetry: { tagsOf: ({ context }) => [context.tenant] } })).toMatchObject({
      tags: ["acme"],
    });
  });

  test("refers to prompt and answer where they are kept, secrets cut out", async () => {
    const request = { messages: [userText(`Use ${secret}`)], tools: [] };
    const outcome = await call({
      request,
      scripts: [[[finishedWith(`You said ${secret}`)]]],
      telemetry: { persistence: "extended" },
    });
    const [event] = outcome.kept;
    const read = async (ref = event?.requestRef): Promise<string> =>
      Buffer.from((ref && (await outcome.events.body(ref))) ?? []).toString();

    expect(JSON.parse(await read())).toEqual({
      messages: [userText("Use [redacted:api_key]")],
      tools: [],
    });
    expect(await read(event?.responseRef)).toContain("You said [redacted:api_key]");
    expect(event?.requestRef).toMatchObject({ tenant: "acme", bytes: (await read()).length });
  });

  test("keeps no bodies where it is not told to", async () => {
    expect(await eventOf({})).not.toHaveProperty("requestRef");
  });
});

describe("createTelemetry(), its store", () => {
  const broken = (error: Error): CallEventStore => ({
    ...createMemoryCallEvents(),
    append: () => Promise.reject(error),
  });

  test("may fail: the call does not notice, and there is a warning", async () => {
    const { error, seen } = await call({ telemetry: { events: broken(new Error("disk full")) } });

    expect(error).toBeUndefined();
    expect(seen.filter(({ metric, span }) => metric === undefined && span === undefined)).toMatchObject([
      { name: "call_events.write_failed", level: 13, attributes: { lost: 1 } },
    ]);
  });

  test("may hang: a bounded number of events waits, further ones are lost with a warning", async () => {
    const gate = Promise.withResolvers<void>();
    const written: number[] = [];
    const events: CallEventStore = {
      ...createMemoryCallEvents(),
      async append(entries) {
        await gate.promise;
        written.push(entries.length);
      },
    };
    const seen: Observation[] = [];
    const observer = (observation: Observation): void => void seen.push(observation);
    await using told = createTelemetry({ events, observer, maxQueued: 2 });
    const pipeline = withLayers(playing([hello]).model, told.layer);
    for (let index = 0; index < 5; index++) await pipeline.complete(question, contextOf());
    expect(told.pending()).toBe(2);
    gate.resolve();
    await told.flush();

    expect(told.pending()).toBe(0);
    expect(written.reduce((sum, count) => sum + count, 0)).toBe(2);
    expect(seen).toContainEqual({ name: "call_events.queue_full", level: 13, attributes: { lost: 3 } });
  });

  test("is written by the time that telemetry is disposed of", async () => {
    const events = createMemoryCallEvents();
    {
      await using told = createTelemetry({ events });
      await withLayers(playing([hello]).model, told.layer).complete(question, contextOf());
    }

    expect(await events.read("acme")).toHaveLength(1);
  });

  test("does not fail a call when tags cannot be made", async () => {
    const { error, seen } = await call({
      telemetry: {
        tagsOf() {
          throw new Error("bug");
        },
      },
    });

    expect(error).toBeUndefined();
    expect(seen.map(({ name }) => name)).toContain("telemetry.failed");
  });

  test("forgets after ninety days, and bodies after seven", async () => {
    const { events, kept, record } = await call({ telemetry: { persistence: "extended" } });
    const day = 86_400_000;
    const purgedAfter = async (days: number): Promise<unknown> =>
      await purgeExpired(events, "acme", { now: record.startedAt + days * day + 1 });

    expect(await purgedAfter(6)).toEqual({ events: 0, bodies: 0 });
    expect(await purgedAfter(7)).toEqual({ events: 0, bodies: 2 });
    expect(kept[0]?.requestRef && (await events.body(kept[0].requestRef))).toBeUndefined();
    expect(await purgedAfter(90)).toEqual({ events: 1, bodies: 0 });
  });
});

describe("createTelemetry(), the observer", () => {
  test("gets a span by the names of OpenTelemetry", async () => {
    const { spans, record } = await call({ context: { sessionId: "s1" } });

    expect(spans).toEqual([
      {
        name: "chat test-1",
        level: 9,
        tenant: "acme",
        traceId: expect.any(String),
        span: { startedAt: record.startedAt, durationMs: expect.any(Number) },
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "test",
          "gen_ai.request.model": "test-1",
          "gen_ai.output.type": "text",
          "gen_ai.conversation.id": "s1",
          "gen_ai.response.model": "test-1",
          "gen_ai.response.finish_reasons": ["stop"],
          "gen_ai.usage.input_tokens": 10,
          "gen_ai.usage.output_tokens": 5,
          "gen_ai.usage.cache_read.input_tokens": 0,
          "gen_ai.usage.cache_creation.input_tokens": 0,
          "gen_ai.usage.reasoning.output_tokens": 0,
          "tau.call.id": record.id,
          "tau.cache.hit": false,
          "tau.cost.micro_usd": 20,
          "tau.retry.count": 0,
          "tau.time_to_first_chunk_ms": expect.any(Number),
        },
      },
    ]);
  });

  test("gets each metric once, with few labels and no tenant", async () => {
    const { seen } = await call({});
    const metrics = seen.filter(({ metric }) => metric !== undefined);

    expect(metrics.map(({ name, metric }) => [name, metric?.unit])).toEqual([
      ["gen_ai.client.operation.duration", "s"],
      ["gen_ai.client.operation.time_to_first_chunk", "s"],
      ["gen_ai.client.token.usage", "{token}"],
      ["gen_ai.client.token.usage", "{token}"],
    ]);
    expect(metrics.at(-1)).toEqual({
      name: "gen_ai.client.token.usage",
      level: 9,
      metric: { value: 5, unit: "{token}" },
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "test",
        "gen_ai.request.model": "test-1",
        "gen_ai.response.model": "test-1",
        "gen_ai.token.type": "output",
        "tau.cache.hit": false,
      },
    });
  });

  test("hears of a failure by its code", async () => {
    const { seen, spans } = await call({ scripts: [[busy]] });

    expect(spans).toMatchObject([
      { level: 13, attributes: { "error.type": "model.overloaded", "tau.error.class": "retryable" } },
    ]);
    expect(seen.filter(({ metric }) => metric !== undefined)).toMatchObject([
      { name: "gen_ai.client.operation.duration", attributes: { "error.type": "model.overloaded" } },
    ]);
  });

  test("never sees more values of a label than are allowed", async () => {
    const labels = new Set<unknown>();
    const observer = ({ metric, attributes }: Observation): void => {
      if (metric !== undefined) labels.add(attributes["gen_ai.response.model"]);
    };
    const layer = telemetryLayer({ observer, maxLabelValues: 3 });
    for (let index = 0; index < 10; index++) {
      const answer = [[{ ...finishedWith("a"), model: `model-${index}` }]];
      await withLayers(playing([answer]).model, layer).complete(question, contextOf());
    }

    expect([...labels]).toEqual(["model-0", "model-1", "model-2", "_OTHER"]);
  });

  test("takes nothing for the value of a label that is no name", async () => {
    const labels: unknown[] = [];
    const observer = ({ metric, attributes }: Observation): void => {
      if (metric !== undefined) labels.push(attributes["gen_ai.response.model"]);
    };
    const layer = telemetryLayer({ observer });
    const address = `arn:aws:bedrock:eu-central-1:123456789012:inference-profile/${"x".repeat(400)}`;
    for (const model of [address, "x".repeat(513), "a\u001b[2J", "a\nb", ""]) {
      const answer = [[{ ...finishedWith("a"), model }]];
      await withLayers(playing([answer]).model, layer).complete(question, contextOf());
    }

    expect(new Set(labels)).toEqual(new Set([address, "_OTHER"]));
  });

  test("cannot change a call by throwing", async () => {
    const observer = (): void => {
      throw new Error("broken");
    };

    expect(await call({ telemetry: { observer } })).toMatchObject({ error: undefined, kept: { length: 1 } });
  });

  test("never sees a prompt, an answer or a secret", async () => {
    const request = { messages: [userText(`private ${secret}`)], tools: [], system: "private" };
    const { seen, kept } = await call({ request, scripts: [[[finishedWith(`private ${secret}`)]]] });

    expect(JSON.stringify([seen, kept])).not.toMatch(/private|a1B2c3/);
  });
});

describeCallEventStore("createMemoryCallEvents()", () => ({ store: createMemoryCallEvents() }));

describeLayer("createTelemetry()", () => {
  const told = createTelemetry({ events: createMemoryCallEvents(), observer: () => undefined });
  return { layers: [told.layer], held: told.pending };
});
