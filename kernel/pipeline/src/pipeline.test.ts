import type { ModelRequest } from "@tau/agent";
import { TauError } from "@tau/core";
import type { CallContext } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Layer } from "./layer.ts";
import { layerOrder } from "./layer-order.ts";
import type { LayerName } from "./layer-order.ts";
import { Pipeline, withLayers } from "./pipeline.ts";
import { contextOf, hello, playing, question, readAll } from "./pipeline.test.support.ts";

/** A layer that only has a name. */
function named(name: LayerName): Layer {
  return { name, wrap: (next) => next };
}

const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };

describe("Pipeline.builder()", () => {
  test("builds all ten layers in their order", () => {
    const { model } = playing([hello]);
    const pipeline = layerOrder
      .reduce((builder, name) => builder.layer(named(name)), Pipeline.builder(model))
      .build();

    expect(pipeline.layers).toEqual(layerOrder);
  });

  test("makes builders that do not change each other", () => {
    const base = Pipeline.builder(playing([hello]).model).layer(named("telemetry"));
    base.layer(named("cache"));

    expect(base.layer(named("retry")).build().layers).toEqual(["telemetry", "retry"]);
  });
});

describe("withLayers()", () => {
  test("takes any one layer alone, and none", () => {
    const { model } = playing([hello]);

    for (const name of layerOrder) expect(withLayers(model, named(name)).layers).toEqual([name]);
    expect(withLayers(model).layers).toEqual([]);
  });

  test.each([
    ["auth", "telemetry"],
    ["iam", "auth"],
    ["cache", "iam"],
    ["cache", "validation"],
    ["breaker", "retry"],
  ] as const)("refuses %s outside of %s, naming both and the fix", (outer, inner) => {
    const build = (): unknown => withLayers(playing([hello]).model, named(outer), named(inner));

    expect(build).toThrow(
      expect.objectContaining({ code: "pipeline.wrong_order", details: { outer, inner } }),
    );
    expect(build).toThrow(`"${inner}" stands inside of "${outer}"`);
    expect(build).toThrow(`add "${inner}" before "${outer}"`);
  });

  test("refuses a layer that is there twice, side by side or not", () => {
    const { model } = playing([hello]);

    expect(() => withLayers(model, named("retry"), named("retry"))).toThrow(
      'Layer "retry" is there twice: remove one',
    );
    expect(() => withLayers(model, named("retry"), named("breaker"), named("retry"))).toThrow(
      'Layer "retry" is there twice, the second time inside of "breaker"',
    );
  });

  test("calls the first layer first", async () => {
    const entered: string[] = [];
    const noting = (name: LayerName): Layer => ({
      name,
      wrap: (next) => (call) => {
        entered.push(name);
        return next(call);
      },
    });
    await readAll(
      withLayers(playing([hello]).model, noting("telemetry"), noting("cache")).stream(question, contextOf()),
    );

    expect(entered).toEqual(["telemetry", "cache"]);
  });

  test("hands on the very batches of the model", async () => {
    const pipeline = withLayers(playing([hello]).model, named("cache"));
    const batches = await readAll(pipeline.start(question, contextOf()).stream);

    expect(batches).toHaveLength(2);
    expect(batches.every((batch, index) => batch === hello[index])).toBe(true);
  });

  test("keeps what is known of the model", () => {
    const { model } = playing([hello], { price, contextWindow: 1000 });

    expect(withLayers(model)).toMatchObject({ provider: "test", id: "test-1", price, contextWindow: 1000 });
  });

  test("asks the first candidate of the layer that chooses, and tells the outer layers all of them", async () => {
    const other = playing([hello], { id: "other" });
    const seen: unknown[] = [];
    const outer: Layer = {
      name: "cache",
      wrap: (next) => (call) => {
        seen.push(call.model.id, call.candidates.length);
        return next(call);
      },
    };
    const routing: Layer = {
      ...named("routing"),
      candidates: (call) => [other.model, call.model],
    };
    const { record, stream } = withLayers(playing([hello]).model, outer, routing).start(
      question,
      contextOf(),
    );
    await readAll(stream);

    expect(seen).toEqual(["other", 2]);
    expect(other.calls()).toBe(1);
    expect(record.answeredBy?.id).toBe("other");
  });
});

describe("Pipeline.complete()", () => {
  test("answers with the message, what it cost and how it went", async () => {
    const { model } = playing([hello], { price });
    const response = await withLayers(model, named("telemetry"), named("cache")).complete(
      question,
      contextOf(),
    );

    expect(response).toMatchObject({
      message: { role: "assistant", parts: [{ type: "text", text: "Hello, world." }] },
      usage: { inputTokens: 10, outputTokens: 5 },
      costMicroUsd: 20,
      stopReason: "stop",
      model: "test-1",
      telemetry: { cacheHit: false, retryCount: 0, retryAttempts: [] },
    });
    expect(response.telemetry.layers.map(({ name }) => name)).toEqual(["telemetry", "cache"]);
    expect(response.telemetry.providerLatencyMs).toBeGreaterThan(0);
    expect(response.telemetry.pipelineTotalMs).toBeGreaterThanOrEqual(response.telemetry.providerLatencyMs);
    expect(response).not.toHaveProperty("validationSummary");
  });

  test("says no cost for a model without a price", async () => {
    const response = await withLayers(playing([hello]).model).complete(question, contextOf());

    expect(response).not.toHaveProperty("costMicroUsd");
  });

  test("ends at the deadline of the call, with nobody else to look at the clock", async () => {
    const left: unknown[] = [];
    const { model } = playing([hello]);
    const silent = {
      ...model,
      async *stream(_request: ModelRequest, { signal }: CallContext) {
        yield await new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            left.push(signal.reason);
            reject(signal.reason);
          });
        });
      },
    };
    const passed = { code: "pipeline.deadline", class: "cancelled" };

    const soon = { ...contextOf(), deadline: Date.now() + 20 };
    await expect(withLayers(silent).complete(question, soon)).rejects.toMatchObject(passed);
    expect(left).toMatchObject([passed]);
    const over = { ...contextOf(), deadline: Date.now() - 1 };
    await expect(readAll(withLayers(silent).stream(question, over))).rejects.toMatchObject(passed);
    expect(left).toHaveLength(1);
    const later = { ...contextOf(), deadline: Date.now() + 2 ** 40 };
    await expect(withLayers(model).complete(question, later)).resolves.toBeDefined();
  });

  test("leaves nothing open", async () => {
    const { model, open } = playing([hello]);
    await withLayers(model).complete(question, contextOf());

    expect(open()).toBe(0);
  });
});

describe("Pipeline.start()", () => {
  test("records the attempt and who answered", async () => {
    const { record, stream } = withLayers(playing([hello], { price }).model).start(question, contextOf());
    await readAll(stream);

    expect(record.attempts).toMatchObject([
      { provider: "test", model: "test-1", outcome: "answered", errorCode: undefined },
    ]);
    expect(record.attempts[0]?.firstBatchMs).toBeLessThanOrEqual(record.attempts[0]?.endedMs ?? 0);
    expect(record.answeredBy).toMatchObject({ provider: "test", id: "test-1", price });
  });

  test("records how an attempt failed", async () => {
    const busy = new TauError("model.overloaded", "Busy.", { class: "retryable" });
    const { record, stream } = withLayers(playing([[busy]]).model).start(question, contextOf());

    await expect(readAll(stream)).rejects.toBe(busy);
    expect(record.attempts).toMatchObject([{ outcome: "failed", errorCode: "model.overloaded" }]);
    expect(record.answeredBy).toBeUndefined();
  });

  test("records that its reader went away, before and after the last word", async () => {
    const pipeline = withLayers(playing([hello]).model);
    const left = pipeline.start(question, contextOf());
    for await (const _ of left.stream) break;
    const read = pipeline.start(question, contextOf());
    for await (const batch of read.stream) if (batch.at(-1)?.type === "finished") break;

    expect(left.record.attempts).toMatchObject([{ outcome: "left" }]);
    expect(read.record.attempts).toMatchObject([{ outcome: "answered" }]);
  });

  test("asks nobody before the stream is pulled", async () => {
    const { model, calls } = playing([hello]);
    const { record, stream } = withLayers(model).start(question, contextOf());
    await stream[Symbol.asyncIterator]().return?.();

    expect(calls()).toBe(0);
    expect(record.attempts).toEqual([]);
  });

  test("gives every call a record of its own", () => {
    const pipeline = withLayers(playing([hello]).model);
    const first = pipeline.start(question, contextOf()).record;
    const second = pipeline.start(question, contextOf()).record;

    expect(first.id < second.id).toBe(true);
    expect(first.attempts).not.toBe(second.attempts);
  });
});

describe("a pipeline read as a plain model", () => {
  const other = playing([hello], { provider: "other", price });

  test("says at the end who answered and what it cost", async () => {
    const answering: Layer = {
      name: "routing",
      wrap: (next) => (call) => next({ ...call, model: other.model }),
    };
    const pipeline = withLayers(playing([hello]).model, answering);

    const last = (await readAll(pipeline.stream(question, contextOf()))).flat().at(-1);

    expect(last).toMatchObject({ type: "finished", provider: "other", costMicroUsd: 20 });
  });

  test("says that an answer out of the cache cost nothing", async () => {
    const hit: Layer = {
      name: "cache",
      wrap: (next) => (call) => {
        call.record.cacheHit = true;
        return next(call);
      },
    };
    const last = (await readAll(withLayers(other.model, hit).stream(question, contextOf()))).flat().at(-1);

    expect(last).toMatchObject({ costMicroUsd: 0 });
  });

  test("closes the model when its reader leaves", async () => {
    const played = playing([hello]);
    for await (const _ of withLayers(played.model).stream(question, contextOf())) break;

    expect(played.open()).toBe(0);
  });
});
