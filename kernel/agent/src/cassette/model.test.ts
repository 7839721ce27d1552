import { TauError, userText } from "@tau/core";
import type { CallContext, ModelEvent } from "@tau/core";
import { describe, expect, test } from "vitest";

import type { Model, ModelRequest } from "../model.ts";
import { hello, readAll } from "../testing/read-all.ts";
import { testContext } from "../testing/test-context.ts";
import { createPlace } from "./cassette.test.support.ts";
import { recordModel } from "./record-model.ts";
import { replayModel } from "./replay-model.ts";

const usage = {
  inputTokens: 1,
  outputTokens: 2,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

/** A model that says the last words of the request one by one; `fail` and `wait` do what they say. */
const echo: Model = {
  provider: "toy",
  id: "echo",
  contextWindow: 100,
  async *stream({ messages }: ModelRequest, { signal }: CallContext) {
    const part = messages.at(-1)?.parts[0];
    const text = part?.type === "text" ? part.text : "";
    for (const word of text.split(" ")) {
      if (word === "fail") {
        throw new TauError("model.rate_limited", `Slow down, ${text}.`, {
          class: "rate_limited",
          retryAfterMs: 9,
          details: { said: text },
        });
      }
      if (word === "bug") throw new RangeError("deep inside");
      yield [{ type: "text_delta", text: word } satisfies ModelEvent];
      signal.throwIfAborted();
    }
    yield [
      {
        type: "finished",
        message: { role: "assistant", parts: [{ type: "text", text }] },
        usage,
        stopReason: "stop",
        model: "echo",
      } satisfies ModelEvent,
    ];
  },
};

function say(text: string): ModelRequest {
  return { ...hello, messages: [userText(text)] };
}

async function outcomeOf(model: Model, request: ModelRequest): Promise<unknown> {
  const batches: unknown[] = [];
  try {
    for await (const batch of model.stream(request, testContext())) batches.push(batch);
  } catch (error) {
    return { batches, error, details: error instanceof TauError ? error.details : undefined };
  }
  return { batches };
}

describe("recordModel() and replayModel()", () => {
  test("say the same, in the same batches, whatever the order of the questions", async () => {
    await using place = await createPlace();
    const live: unknown[] = [];
    {
      await using model = await recordModel(echo, { path: place.path });
      expect(model).toMatchObject({ provider: "toy", id: "echo", contextWindow: 100 });
      for (const text of ["a b", "c", "d fail"]) live.push(await outcomeOf(model, say(text)));
    }

    const model = await replayModel({ path: place.path });
    expect([model.provider, model.id]).toEqual(["toy", "echo"]);
    expect(await outcomeOf(model, say("d fail"))).toEqual(live[2]);
    expect(await outcomeOf(model, say("c"))).toEqual(live[1]);
    expect(await outcomeOf(model, say("a b"))).toEqual(live[0]);
    await expect(readAll(model, say("c"))).rejects.toMatchObject({ code: "cassette.exhausted" });
    await expect(readAll(model, say("e"))).rejects.toMatchObject({
      code: "cassette.no_match",
      message: expect.stringContaining('messages[0].parts[0].text: recorded "a b", asked "e"'),
    });
  });

  test("keep secrets out of requests, events and errors, also those said in pieces", async () => {
    await using place = await createPlace();
    const secrets = ["opensesame"];
    {
      await using model = await recordModel(echo, { path: place.path, secrets });
      await outcomeOf(model, say("it is open sesame opensesame"));
      await outcomeOf(model, say("opensesame fail"));
    }

    expect(await place.text()).not.toContain("opensesame");
    const model = await replayModel({ path: place.path, secrets });
    const { events } = await readAll(model, say("it is open sesame opensesame"));
    expect(events.map((event) => (event.type === "text_delta" ? event.text : event.type))).toEqual([
      "it",
      "is",
      "[redacted]",
      "",
      "[redacted]",
      "finished",
    ]);
    await expect(outcomeOf(model, say("opensesame fail"))).resolves.toMatchObject({
      error: { message: "Slow down, [redacted] fail." },
      details: { said: "[redacted] fail" },
    });
  });

  test("turn a bug into an internal error without its text", async () => {
    await using place = await createPlace();
    {
      await using model = await recordModel(echo, { path: place.path });
      await expect(readAll(model, say("bug"))).rejects.toThrow(RangeError);
    }

    expect(await place.text()).not.toContain("deep inside");
    await expect(readAll(await replayModel({ path: place.path }), say("bug"))).rejects.toMatchObject({
      code: "internal",
    });
  });

  test("know a call that was left early, and one that nobody read on", async () => {
    await using place = await createPlace();
    {
      await using model = await recordModel(echo, { path: place.path });
      for await (const _ of model.stream(say("a b"), testContext())) break;
      await model.stream(say("c d"), testContext())[Symbol.asyncIterator]().next();
    }

    const model = await replayModel({ path: place.path });
    for (const text of ["a b", "c d"]) {
      await expect(outcomeOf(model, say(text))).resolves.toMatchObject({
        batches: [[{ text: text[0] }]],
        error: { code: "cassette.incomplete" },
      });
    }
  });

  test("know a call that was aborted: silent until it is aborted again", async () => {
    await using place = await createPlace();
    const abortAfterFirst = async (model: Model): Promise<unknown> => {
      const controller = new AbortController();
      const stream = model.stream(say("a b"), testContext(controller.signal))[Symbol.asyncIterator]();
      await stream.next();
      controller.abort(new Error("enough"));
      return await stream.next().catch((error: unknown) => error === controller.signal.reason);
    };
    {
      await using model = await recordModel(echo, { path: place.path });
      expect(await abortAfterFirst(model)).toBe(true);
    }

    expect(await place.text()).toContain('"end":"aborted"');
    const model = await replayModel({ path: place.path });
    expect(await abortAfterFirst(model)).toBe(true);
  });

  test("tell models apart on one cassette", async () => {
    await using place = await createPlace();
    const other: Model = { ...echo, id: "other" };
    for (const model of [echo, other]) {
      await using recorder = await recordModel(model, { path: place.path, append: true });
      await readAll(recorder, say("a"));
    }

    await readAll(await replayModel({ path: place.path, model: { provider: "toy", id: "other" } }), say("a"));
    const first = await replayModel({ path: place.path });
    await readAll(first, say("a"));
    await expect(readAll(first, say("a"))).rejects.toMatchObject({ code: "cassette.exhausted" });
  });
});
