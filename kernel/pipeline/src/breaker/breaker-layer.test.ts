import { TauError } from "@tau/core";
import type { Observation } from "@tau/core";
import { describe, expect, test } from "vitest";

import { withLayers } from "../pipeline.ts";
import type { Pipeline } from "../pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { breakerLayer } from "./breaker-layer.ts";
import type { Circuits } from "./circuits.ts";
import { createMemoryCircuits } from "./memory-circuits.ts";

const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
const limited = new TauError("model.rate_limited", "Slow.", { class: "rate_limited" });
const refused = new TauError("model.invalid_request", "No.");

const quick = { minRequests: 2, openMs: 1000, probes: 1 };

async function fail(pipeline: Pipeline, times: number, tenant = "acme"): Promise<unknown> {
  let last: unknown;
  for (let index = 0; index < times; index++) {
    last = await readAll(pipeline.stream(question, contextOf({ tenant }))).catch((error: unknown) => error);
  }
  return last;
}

describe("breakerLayer()", () => {
  test("does not ask a provider that fails too often, and says so", async () => {
    const played = playing([[busy]]);
    const pipeline = withLayers(played.model, breakerLayer({ circuits: createMemoryCircuits(quick) }));

    expect(await fail(pipeline, 3)).toMatchObject({
      code: "pipeline.circuit_open",
      class: "retryable",
      message: expect.stringContaining('Provider "test" (model "test-1") failed too often'),
      retryAfterMs: expect.any(Number),
      details: { provider: "test", model: "test-1" },
    });
    expect(played.calls()).toBe(2);
  });

  test("asks again after a while, and goes on when the provider is well", async () => {
    let nowMs = 0;
    const circuits = createMemoryCircuits({ ...quick, now: () => nowMs });
    const pipeline = withLayers(playing([[busy], [busy], hello]).model, breakerLayer({ circuits }));
    await fail(pipeline, 2);
    nowMs = 1000;
    await readAll(pipeline.stream(question, contextOf()));

    expect(circuits.stateOf("test\ntest-1").state).toBe("closed");
  });

  test.each([
    ["a refused request", refused, "closed"],
    ["a rate limit", limited, "closed"],
    ["an unknown exception", new Error("bug"), "closed"],
    ["an overload", busy, "open"],
  ] as const)("judges %s", async (_name, error, state) => {
    const circuits = createMemoryCircuits(quick);
    await fail(withLayers(playing([[error]]).model, breakerLayer({ circuits })), 3);

    expect(circuits.stateOf("test\ntest-1").state).toBe(state);
  });

  test("counts a failure in the middle of an answer", async () => {
    const circuits = createMemoryCircuits(quick);
    const half = [hello[0] ?? [], busy];
    await fail(withLayers(playing([half]).model, breakerLayer({ circuits })), 2);

    expect(circuits.stateOf("test\ntest-1").state).toBe("open");
  });

  test("keeps servers apart that call a model by the same name", async () => {
    const circuits = createMemoryCircuits(quick);
    const east = playing([[busy]], { address: "https://east.test/v1" });
    const west = playing([hello], { address: "https://west.test/v1" });
    await fail(withLayers(east.model, breakerLayer({ circuits })), 3);

    expect(
      await readAll(withLayers(west.model, breakerLayer({ circuits })).stream(question, contextOf())),
    ).toMatchObject(hello);
    expect(east.calls()).toBe(2);
  });

  test("keeps tenants apart where they have keys of their own", async () => {
    const played = playing([[busy], [busy], hello]);
    const circuits = createMemoryCircuits(quick);
    const pipeline = withLayers(played.model, breakerLayer({ circuits, perTenant: true }));
    await fail(pipeline, 2, "acme");

    expect(await fail(pipeline, 1, "acme")).toMatchObject({ code: "pipeline.circuit_open" });
    await expect(readAll(pipeline.stream(question, contextOf({ tenant: "other" })))).resolves.toHaveLength(2);
  });

  test.each([
    [
      "at once",
      () => {
        throw new Error("down");
      },
    ],
    ["later", () => Promise.reject(new Error("down"))],
  ] as const)("lets calls pass when the circuits fail %s, and tells the observer", async (_name, down) => {
    const seen: Observation[] = [];
    const circuits: Circuits = { enter: down, leave: () => undefined };
    const observer = (observation: Observation): void => void seen.push(observation);
    const pipeline = withLayers(playing([hello]).model, breakerLayer({ circuits, observer }));

    await expect(readAll(pipeline.stream(question, contextOf()))).resolves.toHaveLength(2);
    expect(seen).toMatchObject([{ name: "pipeline.breaker.unavailable", tenant: "acme" }]);
  });

  test("gives a probe back when the judge throws", async () => {
    const circuits = createMemoryCircuits({ ...quick, openMs: 0 });
    const closed = withLayers(playing([[busy]]).model, breakerLayer({ circuits }));
    await fail(closed, 2);
    const judge = (): never => {
      throw new Error("no judgement");
    };

    const thrown = await fail(withLayers(playing([[busy]]).model, breakerLayer({ circuits, judge })), 1);

    expect(thrown).toBe(busy);
    expect(circuits.stateOf("test\ntest-1")).toEqual({ state: "half_open", probesHeld: 0 });
  });

  test("does not fail an answered call when the circuits cannot take its permit back", async () => {
    const circuits: Circuits = {
      enter: async () => ({ circuit: "a", id: 1, isProbe: false }),
      leave: () => Promise.reject(new Error("down")),
    };
    const pipeline = withLayers(playing([hello]).model, breakerLayer({ circuits }));

    await expect(readAll(pipeline.stream(question, contextOf()))).resolves.toHaveLength(2);
  });
});

/** A layer whose circuit of the contract's model is half open, so that every call needs a probe. */
async function halfOpen(shared: boolean): Promise<{
  layers: [ReturnType<typeof breakerLayer>];
  held: () => number;
}> {
  const memory = createMemoryCircuits({ minRequests: 1, openMs: 0, probes: 100 });
  const first = await memory.enter("cut\ncut-1");
  if ("circuit" in first) await memory.leave(first, "failure");
  const remote: Circuits = {
    enter: async (name) => await memory.enter(name),
    leave: async (permit, outcome) => await memory.leave(permit, outcome),
  };
  return {
    layers: [breakerLayer({ circuits: shared ? remote : memory })],
    held: () => memory.stateOf("cut\ncut-1").probesHeld,
  };
}

describeLayer("breakerLayer() half open, in memory", () => halfOpen(false));
describeLayer("breakerLayer() half open, shared", () => halfOpen(true));
