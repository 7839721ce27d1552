import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import { offAbort, onAbort } from "./on-abort.ts";

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
