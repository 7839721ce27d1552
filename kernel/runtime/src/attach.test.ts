import type { RunEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  codeOf,
  collect,
  contextOf,
  echoTool,
  openHarness,
  policyOf,
  sessionId,
  turnModel,
} from "./runtime-harness.test.support.ts";

describe("attach()", () => {
  test("A1. replays from any cursor and then follows, without gap or duplicate", async () => {
    const looping = { calls: [{ name: "echo", args: { text: "x" } }] };
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 6 }), fc.integer({ min: 1, max: 4 }), async (steps, listeners) => {
        const turns = [...Array.from({ length: steps }, () => looping), { text: "Done" }];
        await using harness = await openHarness({ turns, tools: [echoTool("echo")] });
        const runId = await harness.begin("Go");

        const seen = await Promise.all(
          Array.from({ length: listeners }, (_, index) =>
            seqs(
              harness.runtime.attach(
                { sessionId, fromSeq: Math.min(index + 1, 2), untilRunEnds: runId },
                harness.context,
              ),
            ),
          ),
        );

        const { version } = await harness.runtime.getSession(sessionId, harness.context);
        for (const [index, numbers] of seen.entries()) {
          const from = Math.min(index + 1, 2);
          expect(numbers).toEqual(Array.from({ length: version - from + 1 }, (_, offset) => from + offset));
        }
      }),
      { numRuns: 25 },
    );
  });

  test("A2. shows fragments before the message they are part of", async () => {
    await using harness = await openHarness({ turns: [{ text: "Hello" }] });
    const runId = await harness.begin("Hi");

    const kinds: string[] = [];
    for await (const batch of harness.runtime.attach(
      { sessionId, fromSeq: 1, untilRunEnds: runId },
      harness.context,
    )) {
      kinds.push(...batch.map((one) => (one.kind === "event" ? one.event.type : one.delta.type)));
    }

    const fragments = kinds.indexOf("text_delta");
    expect(fragments === -1 || fragments < kinds.indexOf("model_finished")).toBe(true);
    expect(kinds.at(-1)).toBe("run_finished");
  });

  test("gives a late listener the answer so far", async () => {
    const [said, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const model = {
      ...turnModel([]),
      async *stream(...args: Parameters<ReturnType<typeof turnModel>["stream"]>) {
        yield [{ type: "text_delta", text: "Hel" } as const];
        said.resolve();
        await go.promise;
        yield* turnModel([{ text: "lo" }]).stream(...args);
      },
    };
    await using harness = await openHarness({ model });
    const runId = await harness.begin("Hi");
    await said.promise;

    const stream = harness.runtime.attach({ sessionId, fromSeq: 3, untilRunEnds: runId }, harness.context);
    const first = await stream[Symbol.asyncIterator]().next();
    go.resolve();

    expect(first.value).toEqual([{ kind: "delta", runId, delta: { type: "text_delta", text: "Hel" } }]);
  });

  test("ends at once when the run ended before the cursor", async () => {
    await using harness = await openHarness({ turns: [{ text: "Hello" }] });
    await harness.run("Hi", { runId: "r1" });
    const { version } = await harness.runtime.getSession(sessionId, harness.context);

    const events = await collect(
      harness.runtime.attach({ sessionId, fromSeq: version + 1, untilRunEnds: "r1" }, harness.context),
    );

    expect(events).toEqual([]);
  });

  test("ends when the run ended long before the cursor, after the events from there on", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }] });
    await harness.run("First", { runId: "r1" });
    await harness.run("Second", { runId: "r2" });
    const { version } = await harness.runtime.getSession(sessionId, harness.context);
    const seen = async (fromSeq: number): Promise<readonly number[]> =>
      await seqs(harness.runtime.attach({ sessionId, fromSeq, untilRunEnds: "r1" }, harness.context));

    expect(await seen(version + 1)).toEqual([]);
    expect(await seen(version - 1)).toEqual([version - 1, version]);
  });

  test("ends when the run came with a fork, of whose runs the engine knows nothing", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }, { text: "Three" }] });
    await harness.run("First", { runId: "r1" });
    await harness.run("Second", { runId: "r2" });
    const { runtime, context } = harness;
    const { version } = await runtime.getSession(sessionId, context);
    const fork = await runtime.forkSession({ sessionId, atSeq: version }, context);
    const attach = (fromSeq: number, untilRunEnds: string) =>
      seqs(runtime.attach({ sessionId: fork.sessionId, fromSeq, untilRunEnds }, context));

    expect(await attach(version + 1, "r2")).toEqual([]);
    expect(await attach(version + 1, "r1")).toEqual([]);
    expect(await attach(version - 1, "r1")).toEqual([version - 1, version]);
  });

  test("ends when the run began to wait before the cursor, and waiting is what ends it", async () => {
    const calls = [{ name: "echo", args: { text: "x" } }];
    await using harness = await openHarness({
      turns: [{ calls }, { text: "Done" }],
      tools: [echoTool("echo", { sideEffect: "irreversible" })],
      policy: policyOf({ echo: "ask" }),
    });
    const runId = await harness.begin("Go");
    await harness.until((event) => event.type === "run_waiting");
    const { version } = await harness.runtime.getSession(sessionId, harness.context);
    const until = { sessionId, fromSeq: version + 1, untilRunEnds: runId, untilRunWaits: true };

    expect(await seqs(harness.runtime.attach(until, harness.context))).toEqual([]);
  });

  test("waits for a run that is yet to be handed in, behind the end of another", async () => {
    await using harness = await openHarness({ turns: [{ text: "One" }, { text: "Two" }] });
    await harness.run("First", { runId: "r1" });
    const { version } = await harness.runtime.getSession(sessionId, harness.context);

    const listening = seqs(
      harness.runtime.attach({ sessionId, fromSeq: version + 1, untilRunEnds: "r2" }, harness.context),
    );
    await harness.run("Second", { runId: "r2" });

    expect(await listening).toEqual([version + 1, version + 2, version + 3]);
  });

  test.each([0, -1, 1.5, 99])("refuses cursor %s", async (fromSeq) => {
    await using harness = await openHarness();
    await harness.runtime.createSession({ externalId: sessionId }, harness.context);

    expect(await codeOf(collect(harness.runtime.attach({ sessionId, fromSeq }, harness.context)))).toBe(
      "session.invalid_seq",
    );
  });

  test("stops when the listener gives up", async () => {
    await using harness = await openHarness();
    await harness.runtime.createSession({ externalId: sessionId }, harness.context);
    const controller = new AbortController();
    const context = contextOf("acme", controller.signal);

    const listening = collect(harness.runtime.attach({ sessionId, fromSeq: 1 }, context));
    controller.abort(new Error("gone"));

    await expect(listening).rejects.toThrow("gone");
  });
});

async function seqs(stream: AsyncIterable<readonly RunEvent[]>): Promise<readonly number[]> {
  const numbers: number[] = [];
  for await (const batch of stream) for (const one of batch) if (one.kind === "event") numbers.push(one.seq);
  return numbers;
}
