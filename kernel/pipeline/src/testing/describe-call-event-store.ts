import { createHash } from "node:crypto";

import { uuidv7 } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { CallEvent } from "../telemetry/call-event.ts";
import type { CallBody, CallEventStore } from "../telemetry/call-event-store.ts";

/** A store under test; disposed of after each test. */
export interface CallEventStoreFixture extends Partial<AsyncDisposable> {
  readonly store: CallEventStore;
}

/**
 * Checks the contract of {@link CallEventStore}; every adapter runs it in its own tests.
 *
 * Needs vitest, which is not a dependency of this package.
 */
export function describeCallEventStore(
  name: string,
  create: () => CallEventStoreFixture | Promise<CallEventStoreFixture>,
): void {
  describe(`${name} keeps the contract of CallEventStore`, () => {
    test("gives back what was appended, oldest first", async () => {
      await using fixture = disposable(await create());
      const [first, second] = [eventAt(1), eventAt(2)];
      await fixture.store.append([entry(second), entry(first)]);

      expect(await fixture.store.read("acme")).toEqual([first, second]);
    });

    test("keeps an event once, and as it was first", async () => {
      await using fixture = disposable(await create());
      const event = eventAt(1);
      await fixture.store.append([entry(event), entry(event)]);
      await fixture.store.append([entry({ ...event, tags: ["changed"] })]);

      expect(await fixture.store.read("acme")).toEqual([event]);
    });

    test("gives each tenant its own", async () => {
      await using fixture = disposable(await create());
      const [mine, theirs] = [eventAt(1), { ...eventAt(2), tenant: "other" }];
      await fixture.store.append([entry(mine), entry(theirs)]);

      expect(await fixture.store.read("acme")).toEqual([mine]);
      expect(await fixture.store.read("other")).toEqual([theirs]);
      expect(await fixture.store.read("nobody")).toEqual([]);
    });

    test("finds by time and session, the newest of many", async () => {
      await using fixture = disposable(await create());
      const events = [1, 2, 3, 4].map((at) => ({ ...eventAt(at), sessionId: at % 2 === 0 ? "even" : "odd" }));
      await fixture.store.append(events.map((event) => entry(event)));
      const find = async (query: Parameters<CallEventStore["read"]>[1]): Promise<readonly number[]> =>
        (await fixture.store.read("acme", query)).map(({ at }) => at);

      expect(await find({ from: 2, to: 4 })).toEqual([2, 3]);
      expect(await find({ sessionId: "even" })).toEqual([2, 4]);
      expect(await find({ limit: 2 })).toEqual([3, 4]);
      expect(await find({ from: 2, sessionId: "odd", limit: 1 })).toEqual([3]);
    });

    test("keeps bodies by tenant and hash", async () => {
      await using fixture = disposable(await create());
      const [mine, theirs] = [bodyOf("acme", "prompt"), bodyOf("other", "prompt")];
      await fixture.store.append([
        entry(eventAt(1), mine),
        entry({ ...eventAt(1), tenant: "other" }, theirs),
      ]);
      await fixture.store.purgeTenant("other");

      expect(Buffer.from((await fixture.store.body(mine.ref)) ?? []).toString()).toBe("prompt");
      expect(await fixture.store.body(theirs.ref)).toBeUndefined();
      expect(await fixture.store.body(bodyOf("acme", "unknown").ref)).toBeUndefined();
    });

    test("purges events and bodies by their times, and says how many", async () => {
      await using fixture = disposable(await create());
      const [old, shared] = [bodyOf("acme", "old"), bodyOf("acme", "shared")];
      await fixture.store.append([entry(eventAt(10), old, shared), entry(eventAt(20), shared)]);

      expect(await fixture.store.purgeBefore("acme", { bodiesBefore: 15 })).toEqual({ events: 0, bodies: 1 });
      expect(await fixture.store.body(old.ref)).toBeUndefined();
      expect(await fixture.store.body(shared.ref)).toBeDefined();
      expect(await fixture.store.purgeBefore("acme", { eventsBefore: 15 })).toEqual({ events: 1, bodies: 0 });
      expect((await fixture.store.read("acme")).map(({ at }) => at)).toEqual([20]);
      expect(await fixture.store.purgeBefore("nobody", { eventsBefore: 15 })).toEqual({
        events: 0,
        bodies: 0,
      });
    });

    test("purges a tenant, and leaves the others", async () => {
      await using fixture = disposable(await create());
      const theirs = { ...eventAt(1), tenant: "other" };
      await fixture.store.append([entry(eventAt(1), bodyOf("acme", "a")), entry(theirs)]);
      await fixture.store.purgeTenant("acme");

      expect(await fixture.store.read("acme")).toEqual([]);
      expect(await fixture.store.body(bodyOf("acme", "a").ref)).toBeUndefined();
      expect(await fixture.store.read("other")).toEqual([theirs]);
    });
  });
}

function disposable({ store, ...fixture }: CallEventStoreFixture): CallEventStoreFixture & AsyncDisposable {
  return {
    store,
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]?.();
    },
  };
}

function entry(
  event: CallEvent,
  ...bodies: readonly CallBody[]
): { event: CallEvent; bodies: readonly CallBody[] } {
  return { event, bodies };
}

function eventAt(at: number): CallEvent {
  return {
    type: "llm.call",
    version: 1,
    id: uuidv7(),
    at,
    tenant: "acme",
    traceId: "0".repeat(32),
    principalId: "ada",
    provider: "test",
    model: "test-1",
    requestFingerprint: "0".repeat(64),
    hasTools: false,
    hasThinking: false,
    hasStructuredOutput: false,
    telemetry: {
      totalMs: 1.5,
      cacheHit: false,
      layers: [{ name: "telemetry", enteredMs: 0.1 }],
      attempts: [],
      retries: [],
      skipped: [],
      redactions: 0,
    },
    result: { kind: "error", code: "model.overloaded", class: "retryable" },
    tags: ["contract"],
  };
}

function bodyOf(tenant: string, text: string): CallBody {
  const data = new TextEncoder().encode(text);
  return {
    ref: { tenant, sha256: createHash("sha256").update(data).digest("hex"), bytes: data.length },
    data,
  };
}
