import { setImmediate as nextTick } from "node:timers/promises";

import type { RunEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { streamEvents } from "./event-stream.ts";
import type { EventStreamOptions } from "./event-stream.ts";

const runId = "r";

function fact(seq: number, bytes = 10): RunEvent {
  return {
    kind: "event",
    seq,
    at: 0,
    event: { type: "unknown", originalType: "x".repeat(bytes), originalVersion: 1, body: {} },
  };
}

function delta(text: string): RunEvent {
  return { kind: "delta", runId, delta: { type: "text_delta", text } };
}

/** Listens like the runtime does: from the fact `fromSeq` on, and from the start of the text before it. */
function listenTo(items: readonly (readonly RunEvent[])[]): EventStreamOptions["attach"] {
  return async function* attach(fromSeq, signal) {
    const all = items.flat();
    let next =
      fromSeq === 1 ? 0 : all.findIndex((one) => one.kind === "event" && one.seq === fromSeq - 1) + 1;
    for (const batch of items) {
      signal.throwIfAborted();
      const wanted = batch.filter((one) => all.indexOf(one) >= next);
      next = Math.max(next, all.indexOf(batch.at(-1) ?? fact(0)) + 1);
      if (wanted.length > 0) yield wanted;
      await nextTick();
    }
  };
}

function optionsFor(
  attach: EventStreamOptions["attach"],
  rest: Partial<EventStreamOptions> = {},
): EventStreamOptions {
  return {
    attach,
    fromSeq: 1,
    signal: new AbortController().signal,
    maxBufferedBytes: 32 * 1024,
    slowAfterMs: 0,
    onBuffered: () => undefined,
    ...rest,
  };
}

/** The sequence numbers, and the text before each. */
function shown(events: readonly RunEvent[]): readonly (readonly [text: string, seq: number])[] {
  const result: [string, number][] = [];
  let text = "";
  for (const one of events) {
    if (one.kind === "delta") text += "text" in one.delta ? one.delta.text : "";
    else {
      result.push([text, one.seq]);
      text = "";
    }
  }
  return result;
}

const scripts = fc
  .array(
    fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 300 })), {
      minLength: 1,
    }),
  )
  .map((batches) => {
    let seq = 0;
    return batches.map((batch) =>
      batch.map((item) => (typeof item === "string" ? delta(item) : fact(++seq, item))),
    );
  });

describe("a stream of events", () => {
  it("keeps B1 and B3, with clients of any slowness", async () => {
    await fc.assert(
      fc.asyncProperty(
        scripts,
        fc.integer({ min: 64, max: 1_000 }),
        fc.array(fc.nat(8), { minLength: 1 }),
        async (script, maxBufferedBytes, pauses) => {
          const got: RunEvent[] = [];
          let turn = 0;
          for await (const events of streamEvents(optionsFor(listenTo(script), { maxBufferedBytes }))) {
            got.push(...events);
            for (let i = 0; i < (pauses[turn++ % pauses.length] ?? 0); i++) await nextTick();
          }
          expect(shown(got)).toEqual(shown(script.flat()));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("keeps B2: lets go of the runtime while the client is slow, and goes on from its cursor", async () => {
    const attached: number[] = [];
    const letGo: number[] = [];
    let most = 0;
    const { promise: firstLetGo, resolve: onLetGo } = Promise.withResolvers<void>();
    const endless: EventStreamOptions["attach"] = async function* endless(fromSeq) {
      attached.push(fromSeq);
      let seq = fromSeq;
      try {
        for (; ; seq++) {
          yield [fact(seq, 1_000)];
          await nextTick();
        }
      } finally {
        letGo.push(seq);
        onLetGo();
      }
    };
    const stream = streamEvents(
      optionsFor(endless, {
        maxBufferedBytes: 10_000,
        onBuffered: (bytes) => {
          most = Math.max(most, bytes);
        },
      }),
    );
    const first = await stream.next();
    await firstLetGo;
    const taken = first.done === true ? [] : [...first.value];
    while (attached.length < 2) {
      const more = await stream.next();
      if (more.done !== true) taken.push(...more.value);
    }
    await stream.return();
    expect(taken.flatMap((one) => (one.kind === "event" ? [one.seq] : []))).toEqual(
      Array.from(taken, (_, index) => index + 1),
    );
    expect(attached[1]).toBeLessThanOrEqual((letGo[0] ?? 0) + 1);
    expect(most).toBeGreaterThan(10_000);
    expect(most).toBeLessThanOrEqual(2 * 10_000);
    expect(letGo).toHaveLength(2);
  });

  it("joins the fragments of a tick into one", async () => {
    const words = Array.from({ length: 1_000 }, (_, index) => delta(`${index} `));
    const attach: EventStreamOptions["attach"] = async function* attach() {
      for (const word of words) yield [word];
    };
    const batches: (readonly RunEvent[])[] = [];
    for await (const events of streamEvents(optionsFor(attach))) batches.push(events);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toHaveLength(1);
  });

  it("ends with the reason of its signal, also while the client takes nothing", async () => {
    const stop = new AbortController();
    const attach: EventStreamOptions["attach"] = async function* attach(fromSeq, signal) {
      yield [fact(fromSeq, 100)];
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };
    const stream = streamEvents(optionsFor(attach, { signal: stop.signal }));
    await stream.next();
    stop.abort(new Error("enough"));
    await expect(stream.next()).rejects.toThrow("enough");
  });

  it("passes on what the runtime throws, after what came before it", async () => {
    const attach: EventStreamOptions["attach"] = async function* attach(fromSeq) {
      yield [fact(fromSeq)];
      throw new Error("broken");
    };
    const stream = streamEvents(optionsFor(attach));
    expect(await stream.next()).toMatchObject({ value: [{ seq: 1 }] });
    await expect(stream.next()).rejects.toThrow("broken");
  });
});
