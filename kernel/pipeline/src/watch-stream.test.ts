import { beginStream } from "@tau/agent";
import type { ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { ModelStream } from "./layer.ts";
import { finishedWith, readAll } from "./pipeline.test.support.ts";
import { watchStream } from "./watch-stream.ts";
import type { StreamEnd } from "./stream-watch.ts";

const word: readonly ModelEvent[] = [{ type: "text_delta", text: "hi" }];
const last: readonly ModelEvent[] = [finishedWith("hi")];
const never: ModelStream = source().stream;

/** A source that says whether it was closed. */
function source(...steps: readonly (readonly ModelEvent[] | Error)[]): {
  readonly stream: ModelStream;
  readonly closed: () => boolean;
} {
  let closed = false;
  async function* read(): AsyncGenerator<readonly ModelEvent[]> {
    try {
      for (const step of steps) {
        if (step instanceof Error) throw step;
        yield step;
      }
    } finally {
      closed = true;
    }
  }
  return { stream: read(), closed: () => closed };
}

/** Watches a source and writes down what was told. */
function watched(steps: readonly (readonly ModelEvent[] | Error)[], throwsAt?: Error) {
  const { stream, closed } = source(...steps);
  const seen: unknown[] = [];
  const ends: StreamEnd[] = [];
  const watch = watchStream({
    open: () => stream,
    seen(batch) {
      seen.push(batch);
      if (throwsAt !== undefined) throw throwsAt;
    },
    ended: (end) => void ends.push(end),
  });
  return { stream: watch, seen, ends, closed };
}

describe("watchStream()", () => {
  test("hands every batch on and tells the end once, before the reader has the last event", async () => {
    const { stream, seen, ends } = watched([word, last]);
    for await (const batch of stream) expect(ends).toHaveLength(batch === last ? 1 : 0);

    expect(seen).toEqual([word, last]);
    expect(ends).toEqual([{ kind: "finished", event: last[0] }]);
  });

  test("waits for what is done at the end, before the reader has the last event", async () => {
    const settled: string[] = [];
    const settle = async (end: StreamEnd): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      settled.push(end.kind);
    };
    const broken = new Error("broken");
    const whole = watchStream({ open: () => source(word, last).stream, ended: settle });
    for await (const batch of whole) expect(settled).toHaveLength(batch === last ? 1 : 0);
    await expect(readAll(watchStream({ open: () => source(broken).stream, ended: settle }))).rejects.toBe(
      broken,
    );
    for await (const _ of watchStream({ open: () => source(word, last).stream, ended: settle })) break;

    expect(settled).toEqual(["finished", "failed", "left"]);
  });

  test("tells a failure of the source and throws it", async () => {
    const broken = new Error("broken");
    const { stream, ends } = watched([word, broken]);

    await expect(readAll(stream)).rejects.toBe(broken);
    expect(ends).toEqual([{ kind: "failed", error: broken }]);
  });

  test("tells a failure to open", async () => {
    const broken = new Error("broken");
    const ends: StreamEnd[] = [];
    const stream = watchStream({
      open: () => Promise.reject(broken),
      ended: (end) => void ends.push(end),
    });

    await expect(readAll(stream)).rejects.toBe(broken);
    expect(ends).toEqual([{ kind: "failed", error: broken }]);
  });

  test("closes the source when `seen` throws", async () => {
    const enough = new Error("enough");
    const { stream, ends, closed } = watched([word, last], enough);

    await expect(readAll(stream)).rejects.toBe(enough);
    expect(ends).toEqual([{ kind: "failed", error: enough }]);
    expect(closed()).toBe(true);
  });

  test("waits for `seen` before the reader has the batch, and closes the source when it fails", async () => {
    const seen: string[] = [];
    const enough = new Error("enough");
    const { stream, closed } = source(word, word, last);
    const watch = watchStream({
      open: () => stream,
      async seen() {
        await new Promise((resolve) => setImmediate(resolve));
        if (seen.push("seen") === 2) throw enough;
      },
    });
    const read = async (): Promise<void> => {
      for await (const _ of watch) expect(seen).toHaveLength(1);
    };

    await expect(read()).rejects.toBe(enough);
    expect(closed()).toBe(true);
  });

  test("tells that the reader left, and closes the source", async () => {
    const { stream, ends, closed } = watched([word, word, last]);
    for await (const _ of stream) break;

    expect(ends).toEqual([{ kind: "left" }]);
    expect(closed()).toBe(true);
  });

  test("calls an answer that ends without its last event truncated", async () => {
    const { stream, ends } = watched([word]);

    await expect(readAll(stream)).rejects.toMatchObject({ code: "model.truncated" });
    expect(ends).toMatchObject([{ kind: "failed", error: { code: "model.truncated" } }]);
  });

  test("does nothing, and tells nothing, until it is pulled", async () => {
    const { stream, ends } = watched([word, last]);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.return?.();

    expect(ends).toEqual([]);
    await expect(iterator.next()).resolves.toMatchObject({ done: true });
  });

  test("closes what is still being opened when it is left", async () => {
    const { stream, closed } = source(word, last);
    const opening = Promise.withResolvers<ModelStream>();
    const ends: StreamEnd[] = [];
    const iterator = watchStream({ open: () => opening.promise, ended: (end) => void ends.push(end) })[
      Symbol.asyncIterator
    ]();
    const first = iterator.next();
    const left = iterator.return?.();
    opening.resolve(await beginStream(stream));
    await Promise.all([first, left]);

    expect(closed()).toBe(true);
    expect(ends).toEqual([{ kind: "left" }]);
  });

  test("hands on the source's own promises when nobody watches", async () => {
    const { stream, closed } = source(word, last);

    await expect(readAll(watchStream({ open: () => stream }))).resolves.toEqual([word, last]);
    expect(closed()).toBe(true);
  });

  test("hands on what a batch is changed to, and nothing of one that is changed to nothing", async () => {
    const other: readonly ModelEvent[] = [{ type: "text_delta", text: "ho" }];
    const seen: unknown[] = [];
    const inner = watchStream({
      open: () => source(word, word, last).stream,
      change: (batch) => (batch === last ? batch : seen.length === 0 ? other : []),
    });
    const stream = watchStream({ open: () => inner, seen: (batch) => void seen.push(batch) });

    await expect(readAll(stream)).resolves.toEqual([other, last]);
    expect(seen).toEqual([other, last]);
  });

  test("has another stream in the place of one that failed before its first batch, again and again", async () => {
    const broken = ["once", "twice"].map((message) => new Error(message));
    const failures: unknown[] = [];
    const ends: StreamEnd[] = [];
    const sources = [source(broken[0] ?? []), source(broken[1] ?? []), source(word, last)];
    const open = (index: number): ModelStream =>
      watchStream({ open: () => sources[index]?.stream ?? never, ended: (end) => void ends.push(end) });
    const stream = watchStream({
      open: () => open(0),
      instead: (error) => open(failures.push(error)),
    });

    await expect(readAll(stream)).resolves.toEqual([word, last]);
    expect(failures).toEqual(broken);
    expect(ends.map(({ kind }) => kind)).toEqual(["failed", "failed", "finished"]);
  });

  test("has no other stream after its first batch, and throws what refuses one", async () => {
    const [broken, refused] = [new Error("broken"), new Error("refused")];
    const instead = (): never => {
      throw refused;
    };

    await expect(readAll(watchStream({ open: () => source(word, broken).stream, instead }))).rejects.toBe(
      broken,
    );
    await expect(readAll(watchStream({ open: () => source(broken).stream, instead }))).rejects.toBe(refused);
    await expect(readAll(watchStream({ open: () => Promise.reject(broken), instead }))).rejects.toBe(refused);
  });

  test("closes the other stream when it is left while that is opened", async () => {
    const { stream: other, closed } = source(word, last);
    const opening = Promise.withResolvers<ModelStream>();
    const asked = Promise.withResolvers<void>();
    const ends: StreamEnd[] = [];
    const iterator = watchStream({
      open: () => source(new Error("broken")).stream,
      instead() {
        asked.resolve();
        return opening.promise;
      },
      ended: (end) => void ends.push(end),
    })[Symbol.asyncIterator]();
    const first = iterator.next();
    await asked.promise;
    const left = iterator.return?.();
    opening.resolve(await beginStream(other));

    await expect(first).resolves.toMatchObject({ done: true });
    await left;
    expect(closed()).toBe(true);
    expect(ends).toEqual([{ kind: "left" }]);
  });

  test("P1: tells watches around watches from the inside out", async () => {
    const told: string[] = [];
    const around = (name: string, open: () => ModelStream): ModelStream =>
      watchStream({
        open,
        seen: () => void told.push(`${name} sees`),
        ended: ({ kind }) => void told.push(`${name} ${kind}`),
      });
    await readAll(around("outer", () => around("inner", () => source(word, last).stream)));

    expect(told).toEqual([
      "inner sees",
      "outer sees",
      "inner sees",
      "inner finished",
      "outer sees",
      "outer finished",
    ]);
  });

  test("P2: tells those inside that they were left when a watch throws", async () => {
    const enough = new Error("enough");
    const { stream, closed } = source(word, last);
    const told: unknown[] = [];
    const inner = watchStream({ open: () => stream, ended: (end) => void told.push(["inner", end]) });
    const outer = watchStream({
      open: () => inner,
      seen() {
        throw enough;
      },
      ended: (end) => void told.push(["outer", end]),
    });

    await expect(readAll(outer)).rejects.toBe(enough);
    expect(told).toEqual([
      ["inner", { kind: "left" }],
      ["outer", { kind: "failed", error: enough }],
    ]);
    expect(closed()).toBe(true);
  });
});
