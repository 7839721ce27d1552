import { noUsage, TauError } from "@tau/core";
import type { ModelEvent, RunEvent, ToolMessage } from "@tau/core";
import type { Model } from "@tau/agent";
import { describe, expect, test } from "vitest";

import { echoTool, ofType, openHarness, sessionId, turnModel } from "./runtime-harness.test.support.ts";

const message = { role: "assistant", parts: [{ type: "text", text: "Hi" }] } as const;
const finished: ModelEvent = { type: "finished", message, usage: noUsage, stopReason: "stop", model: "m" };

function modelOf(...events: readonly ModelEvent[]): Model {
  return {
    provider: "test",
    id: "odd",
    async *stream() {
      yield events;
    },
  };
}

interface Oddities {
  readonly batch?: readonly ModelEvent[];
  readonly onAsked?: () => void;
  readonly onNext?: () => void;
  readonly onReturn?: () => void;
}

/** A model that is written by hand: it may throw where an async generator only rejects. */
function oddModel({ batch = [finished], onAsked, onNext, onReturn }: Oddities): Model {
  const events: AsyncIterableIterator<readonly ModelEvent[]> = {
    [Symbol.asyncIterator]: () => events,
    next() {
      onNext?.();
      return Promise.resolve({ done: false, value: batch });
    },
    return() {
      onReturn?.();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return {
    provider: "test",
    id: "odd",
    stream() {
      onAsked?.();
      return events;
    },
  };
}

function broken(): never {
  throw new Error("broken");
}

describe("callModel()", () => {
  test.each([
    ["the same id", ["c1", "c1"]],
    ["no id", ["", ""]],
    ["ids that collide once they are told apart", ["c1", "c1_2", "c1"]],
  ])("answers every call of a model that gives its calls %s", async (_, ids) => {
    const calls = ids.map((id, index) => ({ id, name: "echo", args: { text: `${index}` } }));
    const model = turnModel([{ calls }, { text: "Done" }]);
    await using harness = await openHarness({ model, tools: [echoTool("echo")] });

    await harness.run("Go");

    const [, asked, answered] = model.requests[1]?.messages ?? [];
    const named = asked?.parts.flatMap((part) => (part.type === "tool_call" ? [part.id] : []));
    const results = answered?.role === "tool" ? answered.parts : ([] satisfies ToolMessage["parts"]);
    expect(results.map((part) => part.callId)).toEqual(named);
    expect(new Set(named).size).toBe(ids.length);
    expect(results.map((part) => part.content)).toEqual(
      ids.map((_id, index) => [{ type: "text", text: `echo: ${index}` }]),
    );
  });

  test("tells calls apart that a model numbers anew with every answer", async () => {
    const call = (text: string) => ({ calls: [{ id: "call_0", name: "echo", args: { text } }] });
    const model = turnModel([call("a"), call("b"), { text: "Done" }, call("c"), { text: "Done" }]);
    await using harness = await openHarness({ model, tools: [echoTool("echo")] });

    await harness.run("Go");
    await harness.run("Go on");

    const results = model.requests
      .at(-1)
      ?.messages.flatMap((each) => (each.role === "tool" ? each.parts : []));
    expect(results?.map(({ callId, content }) => [callId, content])).toEqual([
      ["call_0", [{ type: "text", text: "echo: a" }]],
      ["call_0_2", [{ type: "text", text: "echo: b" }]],
      ["call_0_3", [{ type: "text", text: "echo: c" }]],
    ]);
  });

  test("keeps what the provider says about why it stopped", async () => {
    const stopDetails = { type: "refusal", category: "cyber" };
    await using harness = await openHarness({
      model: modelOf({ ...finished, stopReason: "content_filtered", stopDetails }),
    });

    const events = await harness.run("Go");

    expect(ofType(events, "model_finished")[0]?.stopDetails).toEqual(stopDetails);
  });

  test.each([
    ["goes on after its end", modelOf(finished, { type: "text_delta", text: "more" })],
    ["ends twice", modelOf(finished, finished)],
    [
      "counts no tokens",
      modelOf({
        type: "finished",
        message,
        usage: { ...noUsage, inputTokens: Number.NaN },
        stopReason: "stop",
        model: "m",
      }),
    ],
    [
      "counts backwards",
      modelOf({
        type: "finished",
        message,
        usage: { ...noUsage, outputTokens: -5 },
        stopReason: "stop",
        model: "m",
      }),
    ],
  ])("reports a model that %s", async (_, model) => {
    await using harness = await openHarness({ model });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]?.error?.code).toBe("run.model_contract");
  });

  test.each([
    ["the model throws before it answers", () => oddModel({ onAsked: broken })],
    ["the model throws where a promise belongs", () => oddModel({ onNext: broken })],
    ["the model cannot even be left", () => oddModel({ onReturn: broken, batch: [finished, finished] })],
  ])("ends a run when %s", async (_, createModel) => {
    await using harness = await openHarness({ model: createModel() });

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason: "error" });
  });

  test("lets a model go that broke its contract", async () => {
    const said: string[] = [];
    const model = oddModel({ batch: [finished, finished], onReturn: () => void said.push("left") });
    await using harness = await openHarness({ model });

    await harness.run("Go");

    expect(said).toEqual(["left"]);
  });

  test("asks no second time when it is the recording of an answer that fails, whatever it fails with", async () => {
    let asked = 0;
    const model: Model = {
      ...modelOf(),
      get price() {
        if (asked === 3) throw new TauError("model.context_too_long", "Too long.");
        return { inputPerMillion: 0, outputPerMillion: 0 };
      },
      async *stream() {
        asked++;
        yield [finished];
      },
    };
    await using harness = await openHarness({ model });
    await harness.run("First");
    await harness.run("Second");

    const events = await harness.run("Go");

    expect(ofType(events, "run_finished").at(-1)?.error?.code).toBe("model.context_too_long");
    expect(ofType(events, "context_trimmed")).toEqual([]);
    expect(asked).toBe(3);
  });

  test("cancels a run whose model ignores the signal, and shows nothing of what it still says", async () => {
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const model: Model = {
      provider: "test",
      id: "deaf",
      async *stream() {
        asked.resolve();
        await late.promise;
        yield [{ type: "text_delta", text: "too late" }, finished];
      },
    };
    await using harness = await openHarness({ model });
    const runId = await harness.begin("Go");
    await asked.promise;
    await harness.runtime.cancelRun({ sessionId, runId, reason: "stop" }, harness.context);
    const events = await harness.until((event) => event.type === "run_finished");

    late.resolve();
    await new Promise(setImmediate);
    const again = harness.runtime.attach({ sessionId, fromSeq: 1, untilRunEnds: runId }, harness.context);
    const seen: RunEvent[] = [];
    for await (const batch of again) seen.push(...batch);

    expect(ofType(events, "run_finished")[0]?.status).toBe("cancelled");
    expect(JSON.stringify(seen)).not.toContain("too late");
  });

  test.each([
    ["ends", async () => undefined],
    [
      "says that it is asked too much",
      () => Promise.reject(new TauError("model.context_too_long", "Too long.")),
    ],
  ])("records nothing of a model that %s when its run is long over", async (_, end) => {
    const said = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    let asked = 0;
    const model: Model = {
      provider: "test",
      id: "slow to end",
      async *stream() {
        if (++asked !== 3) {
          yield [finished];
          return;
        }
        yield [{ type: "text_delta", text: "Hm" }, finished];
        said.resolve();
        await late.promise;
        ended.resolve();
        await end();
      },
    };
    await using harness = await openHarness({ model });
    await harness.run("First");
    await harness.run("Second");
    const runId = await harness.begin("Go");
    await said.promise;
    await harness.runtime.cancelRun({ sessionId, runId, reason: "stop" }, harness.context);
    await harness.until((event) => event.type === "run_finished" && event.runId === runId);

    late.resolve();
    await ended.promise;
    await new Promise(setImmediate);
    await harness.run("Last");
    let ends = 0;
    const events = await harness.until((event) => event.type === "run_finished" && ++ends === 4);

    const ofRun = events.filter((event) => "runId" in event && event.runId === runId);
    expect(ofRun.map(({ type }) => type)).toEqual(["run_started", "run_finished"]);
    expect(ofType(events, "context_trimmed")).toEqual([]);
    expect(asked).toBe(4);
  });

  test.each(["length", "content_filtered"] as const)(
    "runs no call of an answer that was cut short by %s: its arguments may be half",
    async (stopReason) => {
      let runs = 0;
      const wipe = echoTool("wipe", { sideEffect: "irreversible", run: () => `${++runs}` });
      await using harness = await openHarness({
        turns: [{ calls: [{ name: "wipe", args: "" }], stopReason }],
        tools: [wipe],
      });

      const events = await harness.run("Go");

      expect(ofType(events, "run_finished")[0]).toMatchObject({ status: "failed", reason: stopReason });
      expect(runs).toBe(0);
    },
  );

  test("records who answered and what it cost as the model tells, before what its price says", async () => {
    const price = { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 };
    const usage = { ...noUsage, inputTokens: 10 };
    const told = { type: "finished", message, usage, stopReason: "stop", model: "m" } as const;
    for (const [event, provider, costMicroUsd] of [
      [told, "test", 10],
      [{ ...told, provider: "other", costMicroUsd: 0 }, "other", 0],
    ] as const) {
      await using harness = await openHarness({ model: { ...modelOf(event), price } });

      const events = await harness.run("Go");

      expect(ofType(events, "model_finished")).toMatchObject([{ provider, costMicroUsd }]);
    }
  });
});
