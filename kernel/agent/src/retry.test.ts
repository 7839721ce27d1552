import { TauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Model } from "./model.ts";
import { hello } from "./testing/read-all.ts";
import { testContext } from "./testing/test-context.ts";
import { retry } from "./retry.ts";
import type { RetryPolicy } from "./retry.ts";

const spoken: ModelEvent = { type: "text_delta", text: "hi" };
const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
const refused = new TauError("model.auth", "No.", { class: "auth" });

type Attempt = readonly (ModelEvent | Error)[];

/** A model that plays one attempt after the other, and says how many it has played. */
function playing(...attempts: readonly Attempt[]): { readonly model: Model; calls: number } {
  const played = {
    calls: 0,
    model: {
      provider: "test",
      id: "any",
      async *stream() {
        for (const step of attempts[played.calls++] ?? []) {
          if (step instanceof Error) throw step;
          yield [step];
        }
      },
    },
  };
  return played;
}

/** A policy whose waits are only written down. */
function noting(policy: Partial<RetryPolicy> = {}): {
  readonly waits: number[];
  readonly policy: RetryPolicy;
} {
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms);
  };
  return { waits, policy: { wait, random: () => 0.5, now: () => 1000, ...policy } };
}

async function read(model: Model, deadline?: number): Promise<readonly ModelEvent[]> {
  const events: ModelEvent[] = [];
  const context = { ...testContext(), ...(deadline === undefined ? {} : { deadline }) };
  for await (const batch of model.stream(hello, context)) events.push(...batch);
  return events;
}

describe("retry()", () => {
  test("calls again when an attempt fails before speaking", async () => {
    const { model } = playing([busy], [busy], [spoken]);

    await expect(read(retry(model, noting().policy))).resolves.toEqual([spoken]);
  });

  test("does not call again once an event was yielded", async () => {
    const played = playing([spoken, busy], [spoken]);

    await expect(read(retry(played.model, noting().policy))).rejects.toBe(busy);
    expect(played.calls).toBe(1);
  });

  test("does not repeat what cannot pass", async () => {
    const played = playing([refused], [spoken]);

    await expect(read(retry(played.model, noting().policy))).rejects.toBe(refused);
    expect(played.calls).toBe(1);
  });

  test("gives up after three repetitions and throws the last failure", async () => {
    const played = playing([busy], [busy], [busy], [busy], [spoken]);

    await expect(read(retry(played.model, noting().policy))).rejects.toBe(busy);
    expect(played.calls).toBe(4);
  });

  test("doubles the range of its random waits up to the cap", async () => {
    const { model } = playing([busy], [busy], [busy], [busy], [spoken]);
    const { waits, policy } = noting({ retries: 4, capMs: 500 });
    await read(retry(model, policy));

    expect(waits).toEqual([100, 200, 250, 250]);
  });

  test("waits as long as the provider asks", async () => {
    const limited = new TauError("model.rate_limited", "Slow.", {
      class: "rate_limited",
      retryAfterMs: 2500,
    });
    const { model } = playing([limited], [spoken]);
    const { waits, policy } = noting();
    await read(retry(model, policy));

    expect(waits).toEqual([2500]);
  });

  test("throws at once when the wait would end after the deadline or is unreasonable", async () => {
    const limited = new TauError("model.rate_limited", "Slow.", {
      class: "rate_limited",
      retryAfterMs: 2500,
    });
    const { waits, policy } = noting();

    await expect(read(retry(playing([limited], [spoken]).model, policy), 3000)).rejects.toBe(limited);
    const impatient = { ...policy, maxRetryAfterMs: 2000 };
    await expect(read(retry(playing([limited], [spoken]).model, impatient))).rejects.toBe(limited);
    expect(waits).toEqual([]);
  });

  test("tells what it repeats", async () => {
    const notices: unknown[] = [];
    const { policy } = noting({ onRetry: (notice) => notices.push(notice) });
    await read(retry(playing([busy], [spoken]).model, policy));

    expect(notices).toEqual([{ retry: 1, waitMs: 100, error: busy }]);
  });
});
