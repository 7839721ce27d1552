import { setImmediate as nextTurn } from "node:timers/promises";

import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import { finishedWith, readAll } from "../pipeline.test.support.ts";
import { Flight } from "./single-flight.ts";

const word: readonly ModelEvent[] = [{ type: "text_delta", text: "hi" }];
const last: readonly ModelEvent[] = [finishedWith("hi hi")];
const broken = new Error("broken");
const never = new AbortController().signal;

/** A flight over steps; `gate` holds the source back before its second step. */
function flightOver(steps: readonly (readonly ModelEvent[] | Error)[]) {
  const gate = Promise.withResolvers<void>();
  const seen = { pulls: 0, closed: 0, done: 0, aborted: undefined as unknown };
  const flight = new Flight(
    async function* (signal) {
      signal.addEventListener("abort", () => {
        seen.aborted = signal.reason;
        gate.resolve();
      });
      try {
        for (const [index, step] of steps.entries()) {
          if (index === 1) await gate.promise;
          signal.throwIfAborted();
          seen.pulls++;
          if (step instanceof Error) throw step;
          yield step;
        }
      } finally {
        seen.closed++;
      }
    },
    () => seen.done++,
  );
  return { flight, seen, open: () => gate.resolve() };
}

describe("Flight", () => {
  test("F1, F2: gives every reader the whole answer out of one source, early or late", async () => {
    const { flight, seen, open } = flightOver([word, word, last]);
    const early = readAll(flight.join(never));
    await nextTurn();
    const late = readAll(flight.join(never));
    open();

    expect(await Promise.all([early, late])).toEqual([
      [word, word, last],
      [word, word, last],
    ]);
    expect(seen).toMatchObject({ pulls: 3, closed: 1, done: 1, aborted: undefined });
  });

  test("F2: gives every reader the same failure, after what was said before it", async () => {
    const { flight, seen, open } = flightOver([word, broken]);
    const readers = [flight.join(never), flight.join(never)].map(async (stream) => {
      const batches: unknown[] = [];
      try {
        for await (const batch of stream) batches.push(batch);
      } catch (error) {
        batches.push(error);
      }
      return batches;
    });
    open();

    expect(await Promise.all(readers)).toEqual([
      [word, broken],
      [word, broken],
    ]);
    expect(seen).toMatchObject({ closed: 1, done: 1 });
  });

  test("F3: a reader that is aborted while it waits hears so at once, and the others go on", async () => {
    const { flight, seen, open } = flightOver([word, word, last]);
    const controller = new AbortController();
    const first = readAll(flight.join(controller.signal));
    const second = readAll(flight.join(never));
    await nextTurn();
    controller.abort(broken);

    await expect(first).rejects.toBe(broken);
    open();
    await expect(second).resolves.toHaveLength(3);
    expect(seen).toMatchObject({ aborted: undefined, closed: 1 });
  });

  test("F3: the leader may leave, and those who joined later get the whole answer", async () => {
    const { flight, open } = flightOver([word, word, last]);
    const leader = flight.join(never)[Symbol.asyncIterator]();
    await leader.next();
    const follower = readAll(flight.join(never));
    await leader.return?.();
    open();

    await expect(follower).resolves.toEqual([word, word, last]);
  });

  test("F3: aborts and closes the source when the last reader has gone", async () => {
    const { flight, seen } = flightOver([word, word, last]);
    const readers = [flight.join(never), flight.join(never)].map((stream) => stream[Symbol.asyncIterator]());
    for (const reader of readers) await reader.next();
    await readers[0]?.return?.();
    expect(seen).toMatchObject({ closed: 0, done: 0 });

    await readers[1]?.return?.();

    expect(seen).toMatchObject({ closed: 1, done: 1, aborted: expect.any(Error) });
    expect(flight.isJoinable).toBe(false);
  });

  test("takes no further reader once its beginning is too long to hold", async () => {
    const long = Array.from({ length: 30_000 }, () => ({ type: "text_delta", text: "x" }) as const);
    const { flight } = flightOver([long, last]);
    const reader = flight.join(never)[Symbol.asyncIterator]();
    expect(flight.isJoinable).toBe(true);

    await reader.next();

    expect(flight.isJoinable).toBe(false);
    await reader.return?.();
  });

  test("F4: goes on for the next reader when the one it goes on for leaves, and only before its end", async () => {
    const { flight, open } = flightOver([word, word, last]);
    const heirs: string[] = [];
    const [first, second, third] = ["first", "second", "third"].map((name) =>
      flight.join(never, () => heirs.push(name))[Symbol.asyncIterator](),
    );
    await first?.next();
    await second?.return?.();
    expect(heirs).toEqual([]);
    await first?.return?.();
    expect(heirs).toEqual(["third"]);
    open();
    const fourth = readAll(flight.join(never, () => heirs.push("fourth")));
    for (;;) if ((await third?.next())?.done !== false) break;
    await fourth;

    expect(new Set(heirs)).toEqual(new Set(["third"]));
  });
});
