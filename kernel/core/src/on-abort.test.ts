import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import { createAbortSource, offAbort, onAbort } from "./on-abort.ts";

describe("onAbort()", () => {
  test("tells everybody who waits, in order and once", () => {
    const controller = new AbortController();
    const told: string[] = [];
    const first = (): void => void told.push("first");
    onAbort(controller.signal, first);
    onAbort(controller.signal, first);
    onAbort(controller.signal, () => told.push("second"));

    controller.abort();
    controller.abort();

    expect(told).toEqual(["first", "second"]);
  });

  test("tells an object by its method, until it leaves", () => {
    const controller = new AbortController();
    const told: unknown[] = [];
    const makeListener = (): { aborted(): void } => ({
      aborted() {
        told.push(this);
      },
    });
    const [stays, leaves] = [makeListener(), makeListener()];
    onAbort(controller.signal, leaves);
    onAbort(controller.signal, stays);
    offAbort(controller.signal, leaves);

    controller.abort();

    expect(told).toEqual([stays]);
    expect(told[0]).toBe(stays);
  });

  test("does not tell who left, even while others are being told", () => {
    const controller = new AbortController();
    const told: string[] = [];
    const later = (): void => void told.push("later");
    const gone = (): void => void told.push("gone");
    onAbort(controller.signal, gone);
    onAbort(controller.signal, () => {
      told.push("now");
      offAbort(controller.signal, later);
    });
    onAbort(controller.signal, later);
    offAbort(controller.signal, gone);
    offAbort(controller.signal, gone);

    controller.abort();

    expect(told).toEqual(["now"]);
  });

  test("keeps one event listener on the signal while somebody waits, and none afterwards", () => {
    const { signal } = new AbortController();
    const listeners = Array.from({ length: 20 }, () => () => undefined);
    for (const listener of listeners) onAbort(signal, listener);

    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    for (const listener of listeners) offAbort(signal, listener);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test.each([1, 2, 3, 4])("tells those who stay, whichever of %i leaves", (count) => {
    const names = Array.from({ length: count }, (_, index) => index);
    for (const gone of names) {
      const controller = new AbortController();
      const told: number[] = [];
      const listeners = names.map((name) => () => void told.push(name));
      for (const listener of listeners) onAbort(controller.signal, listener);
      const leaving = listeners[gone];
      if (leaving !== undefined) offAbort(controller.signal, leaving);

      controller.abort();

      expect(told).toEqual(names.filter((name) => name !== gone));
    }
  });

  test("works again after everybody left", () => {
    const controller = new AbortController();
    const told: string[] = [];
    const listener = (): void => void told.push("told");
    onAbort(controller.signal, listener);
    offAbort(controller.signal, listener);
    onAbort(controller.signal, listener);

    controller.abort();

    expect(told).toEqual(["told"]);
  });
});

describe("createAbortSource()", () => {
  test("tells those who wait and those with an event listener, once, with the reason on the signal", () => {
    const source = createAbortSource();
    const { signal } = source;
    const told: unknown[] = [];
    onAbort(signal, () => told.push(["waits", signal.reason]));
    onAbort(signal, () => told.push("waits too"));
    signal.addEventListener("abort", () => told.push("listens"));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);

    source.abort("late");
    source.abort("later");

    expect(told).toEqual(["listens", ["waits", "late"], "waits too"]);
    expect(signal).toMatchObject({ aborted: true, reason: "late" });
  });

  test("does not tell who left", () => {
    const source = createAbortSource();
    const { signal } = source;
    const told: string[] = [];
    const gone = (): void => void told.push("gone");
    onAbort(signal, gone);
    offAbort(signal, gone);

    source.abort(undefined);

    expect(told).toEqual([]);
    expect(signal.reason).toMatchObject({ name: "AbortError" });
  });
});
