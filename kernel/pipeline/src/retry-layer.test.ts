import type { RetryPolicy } from "@tau/agent";
import { TauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { withLayers } from "./pipeline.ts";
import { contextOf, finishedWith, playing, question, readAll } from "./pipeline.test.support.ts";
import type { PlayedModel } from "./pipeline.test.support.ts";
import { describeLayer } from "./testing/describe-layer.ts";
import { retryLayer } from "./retry-layer.ts";
import { routingLayer } from "./routing/routing-layer.ts";

const spoken: ModelEvent = { type: "text_delta", text: "hi" };
const whole: readonly ModelEvent[] = [spoken, finishedWith("hi")];
const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
const limited = new TauError("model.rate_limited", "Slow.", { class: "rate_limited", retryAfterMs: 2500 });

/** Waits for nothing. */
const patient: RetryPolicy = { wait: async () => undefined, random: () => 0.5 };

async function read(played: PlayedModel, policy: RetryPolicy): Promise<readonly ModelEvent[]> {
  const pipeline = withLayers(played.model, retryLayer(policy));
  return (await readAll(pipeline.start(question, contextOf()).stream)).flat();
}

describe("retryLayer()", () => {
  test("calls again when an attempt fails before speaking", async () => {
    await expect(read(playing([[busy], [busy], [whole]]), patient)).resolves.toEqual(whole);
  });

  test("does not call again once an event was yielded", async () => {
    const played = playing([[[spoken], busy], [whole]]);

    await expect(read(played, patient)).rejects.toBe(busy);
    expect(played.calls()).toBe(1);
  });

  test("does not wait in line for an open breaker", async () => {
    const open = new TauError("pipeline.circuit_open", "Open.", { class: "retryable", retryAfterMs: 10 });
    const played = playing([[open], [whole]]);

    await expect(read(played, patient)).rejects.toBe(open);
    expect(played.calls()).toBe(1);
  });

  test.each([
    ["does not wait for a provider's minutes while another candidate can be asked", 60_000, [], 1],
    ["waits for a provider's seconds all the same", 2_500, [2_500, 2_500, 2_500], 4],
  ])("%s", async (_, retryAfterMs, waited, asked) => {
    const later = new TauError("model.rate_limited", "Slow.", { class: "rate_limited", retryAfterMs });
    const [used, free] = [playing([[later], [later], [later], [later]]), playing([[later], [whole]])];
    const waits: number[] = [];
    const policy: RetryPolicy = { ...patient, wait: async (ms) => void waits.push(ms) };
    const candidates = [used.model, { model: free.model, pool: "another" }];
    const pipeline = withLayers(used.model, routingLayer({ candidates }), retryLayer(policy));

    const events = (await readAll(pipeline.start(question, contextOf()).stream)).flat();

    expect(events).toEqual(whole);
    expect(used.calls()).toBe(asked);
    // The last candidate has nobody behind it.
    expect(waits).toEqual([...waited, retryAfterMs]);
  });

  test("waits for a provider's minutes when only models of the same used up quota are left", async () => {
    const later = new TauError("model.rate_limited", "Slow.", {
      class: "rate_limited",
      retryAfterMs: 60_000,
    });
    const [used, sister] = [playing([[later], [whole]]), playing([[whole]])];
    const candidates = [used.model, sister.model].map((model) => ({ model, pool: "account" }));
    const pipeline = withLayers(used.model, routingLayer({ candidates }), retryLayer(patient));

    expect((await readAll(pipeline.start(question, contextOf()).stream)).flat()).toEqual(whole);
    expect([used.calls(), sister.calls()]).toEqual([2, 0]);
  });

  test("tells what it repeats, and records it", async () => {
    const notices: unknown[] = [];
    const policy: RetryPolicy = { ...patient, onRetry: (notice) => void notices.push(notice) };
    const pipeline = withLayers(playing([[busy], [whole]]).model, retryLayer(policy));
    const { telemetry } = await pipeline.complete(question, contextOf());

    expect(notices).toEqual([{ retry: 1, waitMs: 100, error: busy }]);
    expect(telemetry).toMatchObject({
      retryCount: 1,
      retryAttempts: [
        {
          provider: "test",
          model: "test-1",
          errorCode: "model.overloaded",
          errorClass: "retryable",
          waitMs: 100,
        },
      ],
    });
  });

  test("stops waiting when the caller gives up", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const played = playing([[limited], [whole]]);
    const onRetry = (): void => controller.abort(reason);
    const pipeline = withLayers(played.model, retryLayer({ onRetry }));
    const stream = pipeline.stream(question, contextOf({ signal: controller.signal }));

    await expect(readAll(stream)).rejects.toBe(reason);
    expect(played.calls()).toBe(1);
  });
});

describeLayer("retryLayer()", () => ({
  layers: [retryLayer({ wait: async () => undefined })],
  held: () => 0,
}));
