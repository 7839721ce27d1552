import { defineCapabilities } from "@tau/agent";
import type { Model, RateLimits } from "@tau/agent";
import { TauError } from "@tau/core";
import { describe, expect, test } from "vitest";

import { breakerLayer } from "../breaker/breaker-layer.ts";
import { createMemoryCircuits } from "../breaker/memory-circuits.ts";
import { withLayers } from "../pipeline.ts";
import type { Pipeline } from "../pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { PlayedModel, Script } from "../pipeline.test.support.ts";
import { retryLayer } from "../retry-layer.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { costOrder, latencyOrder, tierOrder } from "./policies.ts";
import type { CandidateNews, RoutingPolicy } from "./candidate.ts";
import { routingLayer } from "./routing-layer.ts";
import type { RoutingOptions } from "./routing-layer.ts";

const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
const limited = new TauError("model.rate_limited", "Slow.", { class: "rate_limited", retryAfterMs: 9000 });
const invalid = new TauError("model.invalid_request", "No.");
const filtered = new TauError("model.content_filtered", "Not that.");

const blind = defineCapabilities({ tools: "no", input: { image: "no" }, maxContextTokens: 1_000_000 });
const able = defineCapabilities({ tools: "yes", input: { image: "yes" }, maxContextTokens: 1_000_000 });

const named = (id: string, scripts: readonly Script[] = [hello], more: Partial<Model> = {}): PlayedModel =>
  playing(scripts, { id, ...more });

/** A pipeline that only routes; its own model is never asked. */
function routed(options: RoutingOptions): Pipeline {
  return withLayers(named("own").model, routingLayer(options));
}

/** Makes a call, and says who answered and who was skipped why. */
async function ask(pipeline: Pipeline, request = question) {
  const { record, stream } = pipeline.start(request, contextOf());
  const error = await readAll(stream).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { answeredBy: record.answeredBy?.id, skipped: record.skipped, error };
}

describe("routingLayer()", () => {
  test("asks the next candidate when one fails before its first word, and says why", async () => {
    const [first, second] = [named("first", [[busy]]), named("second")];
    const outcome = await ask(routed({ candidates: [first.model, second.model] }));

    expect(outcome).toEqual({
      answeredBy: "second",
      skipped: [{ provider: "test", model: "first", reasons: ["model.overloaded: Busy."] }],
      error: undefined,
    });
  });

  test("never asks another one after the first word", async () => {
    const [first, second] = [named("first", [[hello[0] ?? [], busy]]), named("second")];

    expect(await ask(routed({ candidates: [first.model, second.model] }))).toMatchObject({ error: busy });
    expect(second.calls()).toBe(0);
  });

  test.each([
    ["a request that is wrong everywhere", invalid],
    ["a filter's refusal", filtered],
    ["a bug", new Error("bug")],
  ])("never asks another one after %s", async (_name, error) => {
    const [first, second] = [named("first", [[error]]), named("second")];

    expect(await ask(routed({ candidates: [first.model, second.model] }))).toMatchObject({ error });
    expect(second.calls()).toBe(0);
  });

  test("asks another one after every failure that is the provider's own", async () => {
    const codes = ["model.payment_required", "model.not_found", "model.context_too_long"];
    const failures = [
      ...codes.map((code) => new TauError(code, "Own trouble.")),
      new TauError("model.auth", "Wrong key.", { class: "auth" }),
      limited,
    ];
    const models = failures.map((failure, index) => named(`m${index}`, [[failure]]).model);

    expect(await ask(routed({ candidates: [...models, named("last").model] }))).toMatchObject({
      answeredBy: "last",
      skipped: { length: failures.length },
    });
  });

  test("asks nobody who cannot do what the request needs, and gives all reasons when none is left", async () => {
    const [first, second] = [
      named("first", [hello], { capabilities: blind }),
      named("second", [hello], { contextWindow: 2 }),
    ];
    const source = { kind: "base64", data: "" } as const;
    const image = { type: "image", mediaType: "image/png", source } as const;
    const tool = { name: "look", description: "Looks.", inputSchema: { type: "object" } };
    const request = { messages: [{ role: "user", parts: [image] } as const], tools: [tool] };
    const { error, skipped } = await ask(routed({ candidates: [first.model, second.model] }), request);

    expect(
      skipped.map(({ model, reasons }) => [model, reasons.map((one) => typeof one === "object" && one.kind)]),
    ).toEqual([
      ["first", ["tools", "vision"]],
      ["second", expect.arrayContaining(["context"])],
    ]);
    expect(error).toMatchObject({
      code: "model.no_compatible_candidate",
      message: expect.stringMatching(/test\/first: cannot call tools; takes no pictures\n.*test\/second: /s),
    });
    expect(first.calls() + second.calls()).toBe(0);
  });

  test("asks the first one that can do what the request needs", async () => {
    const candidates = [
      named("blind", [hello], { capabilities: blind }).model,
      named("able", [hello], { capabilities: able }).model,
    ];
    const tool = { name: "look", description: "Looks.", inputSchema: { type: "object" } };

    expect(await ask(routed({ candidates }), { ...question, tools: [tool] })).toMatchObject({
      answeredBy: "able",
      skipped: [{ model: "blind" }],
    });
  });

  test("lets pass what nobody knows, or refuses it when told to", async () => {
    const tool = { name: "look", description: "Looks.", inputSchema: { type: "object" } };
    const request = { ...question, tools: [tool] };
    const unknown = named("unknown");

    expect(await ask(routed({ candidates: [unknown.model] }), request)).toMatchObject({
      answeredBy: "unknown",
    });
    expect(await ask(routed({ candidates: [unknown.model], unknown: "deny" }), request)).toMatchObject({
      error: { code: "model.no_compatible_candidate" },
    });
  });

  test("checks a pipeline's own model when there are no candidates", async () => {
    const own = named("own", [hello], { capabilities: blind });
    const tool = { name: "look", description: "Looks.", inputSchema: { type: "object" } };

    expect(await ask(withLayers(own.model, routingLayer()))).toMatchObject({ answeredBy: "own" });
    expect(await ask(withLayers(own.model, routingLayer()), { ...question, tools: [tool] })).toMatchObject({
      error: { code: "model.no_compatible_candidate" },
    });
  });

  test("throws the first real failure when all fail", async () => {
    const circuits = createMemoryCircuits({ minRequests: 1 });
    const [first, second] = [named("first", [[busy]]), named("second", [[limited]])];
    const pipeline = withLayers(
      first.model,
      routingLayer({ candidates: [first.model, second.model] }),
      breakerLayer({ circuits }),
    );

    expect((await ask(pipeline)).error).toBe(busy);
    const again = await ask(pipeline);
    expect(again.error).toBe(limited);
    expect(again.skipped[0]?.reasons[0]).toContain("pipeline.circuit_open");
  });

  test("repeats each candidate on its own before it goes on", async () => {
    const [first, second] = [named("first", [[busy]]), named("second", [[busy], hello])];
    const pipeline = withLayers(
      first.model,
      routingLayer({ candidates: [first.model, second.model] }),
      retryLayer({ retries: 2, wait: async () => undefined }),
    );

    expect(await ask(pipeline)).toMatchObject({ answeredBy: "second" });
    expect([first.calls(), second.calls()]).toEqual([3, 2]);
  });

  test("stops when the deadline has passed, and when the caller has given up", async () => {
    const [first, second] = [named("first", [[busy]]), named("second")];
    // The layer's clock is there already; the pipeline's own timer, which goes by the real one, is not.
    const deadline = Date.now() + 3_600_000;
    const late = routed({ candidates: [first.model, second.model], now: () => deadline });
    await expect(readAll(late.stream(question, contextOf({ deadline })))).rejects.toBe(busy);
    const controller = new AbortController();
    const reason = new Error("enough");
    const quitting = named("quitting", [[busy]]);
    const quit: Model = {
      ...quitting.model,
      stream(request, context) {
        controller.abort(reason);
        return quitting.model.stream(request, context);
      },
    };
    const stream = routed({ candidates: [quit, second.model] }).stream(
      question,
      contextOf({ signal: controller.signal }),
    );

    await expect(readAll(stream)).rejects.toBe(reason);
    expect(second.calls()).toBe(0);
  });
});

describe("quota pools", () => {
  test("skip the others of a pool whose quota is used up, and ask it last for a while", async () => {
    let now = 0;
    const [big, small] = [named("big", [[limited], hello]), named("small")];
    const other = named("other");
    const pipeline = routed({
      candidates: [
        { model: big.model, pool: "account" },
        { model: small.model, pool: "account" },
        { model: other.model },
      ],
      now: () => now,
    });
    const first = await ask(pipeline);
    const soon = await ask(pipeline);
    now = 9000;
    const later = await ask(pipeline);

    expect(first.answeredBy).toBe("other");
    expect(first.skipped.map(({ model }) => model)).toEqual(["big", "small"]);
    expect(small.calls()).toBe(0);
    expect(soon).toMatchObject({ answeredBy: "other", skipped: [] });
    expect(later.answeredBy).toBe("big");
  });

  test("are apart for models of one name where none is given: each server has its own limits", async () => {
    const [east, west] = [named("gpt", [[limited], hello]), named("gpt")];
    const record = await ask(routed({ candidates: [east.model, west.model], now: () => 0 }));

    expect(record.error).toBeUndefined();
    expect(west.calls()).toBe(1);
  });

  test("believe what the provider says in its headers", async () => {
    let limits: RateLimits = { requests: { remaining: 0, resetAt: 500 } };
    const full = named("full", [hello], { rateLimits: () => limits });
    const pipeline = routed({ candidates: [full.model, named("free").model], now: () => 100 });

    expect((await ask(pipeline)).answeredBy).toBe("free");
    limits = { requests: { remaining: 0, resetAt: 50 } };
    expect((await ask(pipeline)).answeredBy).toBe("full");
    limits = { retryAt: 200 };
    expect((await ask(pipeline)).answeredBy).toBe("free");
  });

  test.each([
    [
      "a limit that says no time",
      new TauError("model.rate_limited", "Slow.", { class: "rate_limited" }),
      5_000,
    ],
    ["an account without credit", new TauError("model.payment_required", "Pay."), 300_000],
  ])("leave %s alone for a while of its own", async (_name, error, pauseMs) => {
    let now = 0;
    const first = named("first", [[error], hello]);
    const pipeline = routed({ candidates: [first.model, named("other").model], now: () => now });
    await ask(pipeline);

    now = pauseMs - 1;
    expect((await ask(pipeline)).answeredBy).toBe("other");
    now = pauseMs;
    expect((await ask(pipeline)).answeredBy).toBe("first");
  });

  test("ask those that are used up when there is nobody else", async () => {
    const full = named("full", [hello], { rateLimits: () => ({ retryAt: 200 }) });

    expect(await ask(routed({ candidates: [full.model], now: () => 100 }))).toMatchObject({
      answeredBy: "full",
    });
  });
});

describe("policies that learn", () => {
  test("hear who failed, and how long it took whoever spoke", async () => {
    const [first, second] = [named("first", [[busy]]), named("second")];
    const news: (readonly [string, CandidateNews])[] = [];
    const policy: RoutingPolicy = {
      name: "curious",
      order: (candidates) => candidates,
      learn: ({ model }, told) => void news.push([model.id, told]),
    };
    await ask(routed({ candidates: [first.model, second.model], policy }));

    expect(news).toEqual([
      ["first", { kind: "failed", error: busy }],
      ["second", { kind: "began", afterMs: expect.any(Number) }],
    ]);
    const [, [, began] = []] = news;
    expect(began?.kind === "began" && began.afterMs).toBeLessThan(60_000);
  });
});

describe("policies", () => {
  const price = (inputPerMillion: number, outputPerMillion: number): Partial<Model> => ({
    price: { inputPerMillion, outputPerMillion },
  });

  test("tierOrder() asks the tier's candidates only", async () => {
    const candidates = [
      { model: named("deep").model, tiers: ["reasoning"] },
      { model: named("quick").model, tiers: ["fast", "default"] },
    ] as const;

    expect(await ask(routed({ candidates, policy: tierOrder("fast") }))).toMatchObject({
      answeredBy: "quick",
      skipped: [{ model: "deep", reasons: ['is not wanted by the policy "tier fast"'] }],
    });
    expect(await ask(routed({ candidates, policy: tierOrder(() => "local") }))).toMatchObject({
      error: { code: "model.no_compatible_candidate" },
    });
  });

  test("costOrder() asks the one that is cheapest for this request", async () => {
    const candidates = [
      named("unpriced").model,
      named("cheap input", [hello], price(1_000_000, 20_000_000)).model,
      named("cheap output", [hello], price(10_000_000, 2_000_000)).model,
    ];
    const pipeline = routed({ candidates, policy: costOrder() });
    const long = { ...question, system: "x".repeat(400_000), maxOutputTokens: 10 };

    expect((await ask(pipeline)).answeredBy).toBe("cheap output");
    expect((await ask(pipeline, long)).answeredBy).toBe("cheap input");
    // A high limit says little of how long the answer will be.
    const open = { ...question, system: "x".repeat(20_000), maxOutputTokens: 1_000_000 };
    const short = routed({ candidates, policy: costOrder({ expectedOutputTokens: 10 }) });
    expect((await ask(short, open)).answeredBy).toBe("cheap input");
  });

  test("costOrder() puts none last for a cheaper service without a price, and those whose dearer one is unknown", async () => {
    const candidates = [
      named("dear", [hello], price(10_000_000, 20_000_000)).model,
      named("cheap", [hello], price(1_000_000, 2_000_000)).model,
    ];
    const pipeline = routed({ candidates, policy: costOrder() });
    const asking = (tier: string) => ({
      ...question,
      providerOptions: { "openai-chat": { service_tier: tier } },
    });

    expect((await ask(pipeline, asking("flex"))).answeredBy).toBe("cheap");
    expect((await ask(pipeline, asking("priority"))).answeredBy).toBe("dear");
  });

  test("latencyOrder() learns who begins soonest, and forgets a failure slowly", () => {
    const [slow, quick] = [{ model: named("slow").model }, { model: named("quick").model }];
    const policy = latencyOrder({ weight: 0.5, failureMs: 1000, exploration: 0 });
    const { record } = withLayers(slow.model).start(question, contextOf());
    const planned = { request: question, context: contextOf(), model: slow.model, candidates: [], record };
    const order = (): readonly string[] => policy.order([slow, quick], planned).map(({ model }) => model.id);

    policy.learn?.(slow, { kind: "began", afterMs: 300 });
    expect(order()).toEqual(["quick", "slow"]);
    policy.learn?.(quick, { kind: "began", afterMs: 100 });
    expect(order()).toEqual(["quick", "slow"]);
    policy.learn?.(quick, { kind: "failed", error: busy });
    expect(order()).toEqual(["slow", "quick"]);
    policy.learn?.(quick, { kind: "began", afterMs: 10 });
    expect(order()).toEqual(["quick", "slow"]);
  });

  test("latencyOrder() sometimes asks another one first", async () => {
    const [a, b, c] = [named("a", [[busy]]), named("b", [[busy]]), named("c", [[busy]])];
    const policy = latencyOrder({ exploration: 1, random: () => 0.99 });
    const pipeline = routed({ candidates: [a.model, b.model, c.model], policy });

    expect((await ask(pipeline)).skipped.map(({ model }) => model)).toEqual(["c", "a", "b"]);
  });
});

describeLayer("routingLayer() with one model", () => ({ layers: [routingLayer()], held: () => 0 }));

describeLayer("routingLayer() with candidates", () => ({
  layers: (model) => [routingLayer({ candidates: [model, { ...model }], policy: latencyOrder() })],
  held: () => 0,
}));
