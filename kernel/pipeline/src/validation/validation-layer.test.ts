import type { ModelRequest } from "@tau/agent";
import { textOf } from "@tau/core";
import type { AssistantPart, ModelEvent, ModelFinished } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { withLayers } from "../pipeline.ts";
import type { Layer } from "../layer.ts";
import { contextOf, finishedWith, hello, playing, question, readAll } from "../pipeline.test.support.ts";
import type { Script } from "../pipeline.test.support.ts";
import { describeLayer } from "../testing/describe-layer.ts";
import { withText } from "./answer-text.ts";
import { pass } from "./output-validator.ts";
import type { OutputValidator, Verdict } from "./output-validator.ts";
import { validationLayer } from "./validation-layer.ts";

/** Put together when the tests run, so that no scanner takes this file for a leak. */
const secret = ["sk", "-proj-", "a1B2c3D4e5F6g7H8i9J0k1L2m3"].join("");

const validatorOf = (name: string, verdict: Verdict): OutputValidator => ({ name, validate: () => verdict });

async function complete(validators: readonly OutputValidator[], request: ModelRequest = question) {
  return await withLayers(playing([hello]).model, validationLayer({ validators })).complete(
    request,
    contextOf(),
  );
}

/** Reads what a model says through redaction. */
async function redacted(batches: Script, layer: Layer = validationLayer({ redaction: true })) {
  const { record, stream } = withLayers(playing([batches]).model, layer).start(question, contextOf());
  const read = await readAll(stream);
  const events = read.flat();
  const last = events.at(-1);
  return {
    read,
    events,
    record,
    said: (type: "text_delta" | "thinking_delta"): string =>
      events.map((event) => (event.type === type ? event.text : "")).join(""),
    message: last?.type === "finished" ? last.message : undefined,
  };
}

function finishedWithParts(...parts: readonly AssistantPart[]): ModelFinished {
  return { ...finishedWith(""), message: { role: "assistant", parts } };
}

describe("validationLayer() with validators", () => {
  test("replays the very batches of an answer that passes, and says what was asked", async () => {
    const layer = validationLayer({
      validators: [
        validatorOf("first", pass),
        validatorOf("second", { kind: "annotate", metrics: { words: 2 } }),
      ],
    });
    const { record, stream } = withLayers(playing([hello]).model, layer).start(question, contextOf());

    const batches = await readAll(stream);
    expect(batches.every((batch, index) => batch === hello[index])).toBe(true);
    expect(record.validation).toEqual({
      outcomes: [
        { validator: "first", outcome: "pass" },
        { validator: "second", outcome: "annotate", metrics: { words: 2 } },
      ],
      wallMs: expect.any(Number),
    });
  });

  test("says nothing of an answer before the validators have spoken", async () => {
    const order: string[] = [];
    const slow: OutputValidator = {
      name: "slow",
      validate: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push("judged");
        return pass;
      },
    };
    const pipeline = withLayers(playing([hello]).model, validationLayer({ validators: [slow] }));
    for await (const _ of pipeline.stream(question, contextOf())) order.push("batch");

    expect(order).toEqual(["judged", "batch", "batch"]);
  });

  test("gives each validator, and the caller, what the one before left", async () => {
    const shout: OutputValidator = {
      name: "shout",
      validate: (_request, answer) => ({
        kind: "filter",
        answer: withText(answer, textOf(answer.message).toUpperCase()),
        dropped: ["small letters"],
      }),
    };
    const seen: string[] = [];
    const listen: OutputValidator = {
      name: "listen",
      validate(_request, answer) {
        seen.push(textOf(answer.message));
        return pass;
      },
    };
    const pipeline = withLayers(playing([hello]).model, validationLayer({ validators: [shout, listen] }));
    const events = (await readAll(pipeline.stream(question, contextOf()))).flat();

    expect(seen).toEqual(["HELLO, WORLD."]);
    expect(events).toMatchObject([
      { type: "text_delta", text: "HELLO, WORLD." },
      { type: "finished", message: { parts: [{ type: "text", text: "HELLO, WORLD." }] } },
    ]);
  });

  test("fails for good at the first rejection, and asks nobody after it", async () => {
    const asked: string[] = [];
    const never: OutputValidator = {
      name: "never",
      validate() {
        asked.push("never");
        return pass;
      },
    };
    const layer = validationLayer({
      validators: [validatorOf("strict", { kind: "reject", reason: "it is too polite" }), never],
    });
    const { record, stream } = withLayers(playing([hello]).model, layer).start(question, contextOf());

    await expect(readAll(stream)).rejects.toMatchObject({
      code: "validation.rejected",
      class: "permanent",
      message:
        'The answer was rejected by "strict": it is too polite. Ask again with another prompt, or another model.',
      details: { validator: "strict", reason: "it is too polite" },
    });
    expect(asked).toEqual([]);
    expect(record.validation?.outcomes).toEqual([
      { validator: "strict", outcome: "reject", reason: "it is too polite" },
    ]);
  });

  test("takes what throws, at once or later, for a rejection, without its text", async () => {
    const throws: OutputValidator = {
      name: "broken",
      validate() {
        throw new Error("secret");
      },
    };
    const rejects: OutputValidator = { name: "broken", validate: () => Promise.reject(new Error("secret")) };

    for (const validator of [throws, rejects]) {
      await expect(complete([validator])).rejects.toMatchObject({
        code: "validation.rejected",
        details: { validator: "broken", reason: "the validator failed" },
      });
    }
  });

  test("takes anything that is no verdict for a rejection", async () => {
    const { message, ...answer } = finishedWith("x");
    const almostAnswer = fc.oneof(
      fc
        .constantFrom({}, { parts: [null] }, { parts: [{ text: "x" }] }, null)
        .map((other) => ({ ...answer, message: other })),
      fc
        .constantFrom({ usage: null }, { stopReason: 1 }, { model: null })
        .map((other) => ({ ...answer, message, ...other })),
    );
    const nonsense = fc.oneof(
      fc.anything(),
      fc.record({ kind: fc.constantFrom("filter", "reject", "annotate", "passed", 1) }),
      fc.record({ kind: fc.constant("filter"), dropped: fc.constant([]), answer: fc.anything() }),
      fc.record({ kind: fc.constant("filter"), dropped: fc.constant([]), answer: almostAnswer }),
    );
    await fc.assert(
      fc.asyncProperty(nonsense, async (value) => {
        const text = JSON.stringify(value) ?? "null";
        const validator: OutputValidator = { name: "odd", validate: () => JSON.parse(text) };

        await expect(complete([validator])).rejects.toMatchObject({
          details: { reason: "the validator gave no verdict" },
        });
      }),
      { numRuns: 200 },
    );
  });

  test("judges what comes out of the cache, too", async () => {
    const hit: Layer = {
      name: "cache",
      wrap: () =>
        async function* (call) {
          call.record.cacheHit = true;
          yield [finishedWith("old")];
        },
    };
    const layer = validationLayer({ validators: [validatorOf("no", { kind: "reject", reason: "old" })] });
    const pipeline = withLayers(playing([hello]).model, layer, hit);

    await expect(pipeline.complete(question, contextOf())).rejects.toMatchObject({
      code: "validation.rejected",
    });
  });
});

describe("validationLayer() with redaction", () => {
  test("hands on the very batches where there is nothing to hide", async () => {
    const { read, record } = await redacted(hello);

    expect(read.every((batch, index) => batch === hello[index])).toBe(true);
    expect(record.redactions).toBe(0);
  });

  test("finds a secret in any pieces, in the stream and in the message", async () => {
    const text = `The key is ${secret}, keep it.`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const deltas = places
          .slice(1)
          .map((end, index): readonly ModelEvent[] => [
            { type: "text_delta", text: text.slice(places[index], end) },
          ]);
        const outcome = await redacted([...deltas, [finishedWith(text)]]);

        expect(outcome.said("text_delta")).toBe("The key is [redacted:api_key], keep it.");
        expect(outcome.message?.parts).toEqual([
          { type: "text", text: "The key is [redacted:api_key], keep it." },
        ]);
        expect(outcome.read.every((batch) => batch.length > 0)).toBe(true);
        expect(outcome.record.redactions).toBe(1);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps thinking apart from text, both in order, and takes the signature off what was changed", async () => {
    const outcome = await redacted([
      [{ type: "thinking_delta", text: `I see ${secret}` }],
      [{ type: "text_delta", text: "Hello s" }],
      [
        { type: "tool_call_started", index: 0, id: "1", name: "look" },
        { type: "tool_call_delta", index: 0, fragment: `{"key":"${secret}"}` },
      ],
      [
        finishedWithParts(
          { type: "thinking", text: `I see ${secret}`, signature: "for the text as it was" },
          { type: "text", text: "Hello s" },
          { type: "tool_call", id: "1", name: "look", arguments: `{"key":"${secret}"}` },
        ),
      ],
    ]);

    expect(outcome.events.map((event) => event.type)).toEqual([
      "thinking_delta",
      "text_delta",
      "tool_call_started",
      "tool_call_delta",
      "text_delta",
      "thinking_delta",
      "finished",
    ]);
    expect(outcome.said("thinking_delta")).toBe("I see [redacted:api_key]");
    expect(outcome.said("text_delta")).toBe("Hello s");
    expect(outcome.message?.parts).toEqual([
      { type: "thinking", text: "I see [redacted:api_key]" },
      { type: "text", text: "Hello s" },
      { type: "tool_call", id: "1", name: "look", arguments: `{"key":"${secret}"}` },
    ]);
  });

  test.each<[string, ModelEvent]>([
    ["a tool call", { type: "tool_call_started", index: 0, id: "1", name: "look" }],
    ["thinking", { type: "thinking_delta", text: "Hm." }],
  ])("finds a secret that is said in halves around %s, wherever it is cut", async (_, between) => {
    for (let cut = 1; cut < secret.length; cut++) {
      const [one, two] = [secret.slice(0, cut), secret.slice(cut)];
      const outcome = await redacted([
        [{ type: "text_delta", text: `The key is ${one}` }],
        [between],
        [{ type: "text_delta", text: `${two}.` }],
        [
          finishedWithParts(
            { type: "text", text: `The key is ${one}` },
            { type: "tool_call", id: "1", name: "look", arguments: "{}" },
            { type: "text", text: `${two}.` },
          ),
        ],
      ]);

      expect(outcome.said("text_delta")).toBe("The key is [redacted:api_key].");
      expect(outcome.message?.parts[0]).toEqual({ type: "text", text: "The key is [redacted:api_key]." });
    }
  });

  test("finds a secret behind a tool call that comes in the middle of a word", async () => {
    const outcome = await redacted([
      [{ type: "text_delta", text: "one word" }],
      [{ type: "tool_call_started", index: 0, id: "1", name: "look" }],
      [{ type: "text_delta", text: `${secret}.` }, finishedWith("")],
    ]);

    expect(outcome.said("text_delta")).toBe("one word[redacted:api_key].");
  });

  test("finds a secret that is thought in halves", async () => {
    const [one, two] = [secret.slice(0, 9), secret.slice(9)];
    const outcome = await redacted([
      [{ type: "thinking_delta", text: one }],
      [{ type: "text_delta", text: "Well." }],
      [{ type: "thinking_delta", text: two }],
      [
        finishedWithParts(
          { type: "thinking", text: one, signature: "one" },
          { type: "text", text: "Well." },
          { type: "thinking", text: two, signature: "two" },
        ),
      ],
    ]);

    expect(outcome.said("thinking_delta")).toBe("[redacted:api_key]");
    expect(outcome.message?.parts).toEqual([
      { type: "thinking", text: "[redacted:api_key]" },
      { type: "text", text: "Well." },
    ]);
  });

  test("looks into the arguments of parallel tool calls when told to", async () => {
    const half = Math.floor(secret.length / 2);
    const delta = (index: number, fragment: string): ModelEvent => ({
      type: "tool_call_delta",
      index,
      fragment,
    });
    const outcome = await redacted(
      [
        [delta(0, `{"key":"${secret.slice(0, half)}`), delta(1, `{"key":"${secret.slice(0, half)}`)],
        [delta(0, `${secret.slice(half)}"}`), delta(1, secret.slice(half))],
        [
          finishedWithParts({
            type: "tool_call",
            id: "1",
            name: "look",
            arguments: `{"key":"${secret}"}`,
          }),
        ],
      ],
      validationLayer({ redaction: { toolCalls: true } }),
    );
    const fragments = [0, 1].map((index) =>
      outcome.events
        .map((event) => (event.type === "tool_call_delta" && event.index === index ? event.fragment : ""))
        .join(""),
    );

    expect(fragments).toEqual(['{"key":"[redacted:api_key]"}', '{"key":"[redacted:api_key]']);
    expect(outcome.message?.parts).toMatchObject([{ arguments: '{"key":"[redacted:api_key]"}' }]);
  });

  test("finds a secret that lies across text parts", async () => {
    const outcome = await redacted([
      [
        { type: "text_delta", text: `a ${secret}` },
        finishedWithParts(
          { type: "text", text: `a ${secret.slice(0, 10)}` },
          { type: "thinking", text: "hm" },
          { type: "text", text: secret.slice(10) },
        ),
      ],
    ]);

    expect(outcome.message?.parts).toEqual([
      { type: "text", text: "a [redacted:api_key]" },
      { type: "thinking", text: "hm" },
    ]);
  });

  test("leaves out citations that quote a secret, and keeps the others", async () => {
    const clean = { url: "https://example.com", quote: "Nothing to hide." };
    const text = { type: "text" as const, text: "See there." };
    const finished: ModelFinished = {
      ...finishedWith(""),
      message: { role: "assistant", parts: [{ ...text, citations: [{ quote: `It is ${secret}` }, clean] }] },
    };
    const { read } = await redacted([[finished]]);

    expect(read.at(-1)?.at(-1)).toMatchObject({ message: { parts: [{ ...text, citations: [clean] }] } });
    expect(JSON.stringify(read)).not.toContain(secret);
  });

  test("takes patterns of one's own, in place of the known ones if wanted", async () => {
    const own = [{ name: "name", pattern: /Ada Lovelace/, maxLength: 12 }];
    const batches = [
      [{ type: "text_delta", text: `Ada Love` } as const],
      [{ type: "text_delta", text: `lace ${secret}` } as const, finishedWith("")],
    ];
    const outcome = await redacted(batches, validationLayer({ redaction: { secrets: [], own } }));

    expect(outcome.said("text_delta")).toBe(`[redacted:name] ${secret}`);
  });

  test("hides secrets from validators, too", async () => {
    const seen: string[] = [];
    const validator: OutputValidator = {
      name: "look",
      validate(_request, answer) {
        seen.push(textOf(answer.message));
        return pass;
      },
    };
    await redacted([[finishedWith(secret)]], validationLayer({ validators: [validator], redaction: true }));

    expect(seen).toEqual(["[redacted:api_key]"]);
  });
});

describeLayer("validationLayer() without anything", () => ({ layers: [validationLayer({})], held: () => 0 }));
describeLayer("validationLayer() that redacts", () => ({
  layers: [validationLayer({ redaction: true })],
  held: () => 0,
}));
describeLayer("validationLayer() that holds", () => ({
  layers: [validationLayer({ validators: [validatorOf("ok", pass)], redaction: true })],
  held: () => 0,
}));
