import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";

import type { Json, JsonObject, ModelFinished } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { SseParser } from "../sse/sse-parser.ts";
import { createContentPattern, OpenAiChatDecoder } from "./decoder.ts";
import { compatibleDialect } from "./dialect.ts";
import { createQuietChunks } from "./quiet-chunks.ts";

const identity = { provider: "test", model: "configured" };
const toError = (body: string): Error => new Error(body);

/** What one model remembers from answer to answer. */
function createMemory() {
  return { pattern: createContentPattern(), quiet: createQuietChunks() };
}

/** Everything that comes out of an answer, and how many of its chunks were not parsed. */
function read(source: string, memory = createMemory(), isFast = true) {
  const decoder = new OpenAiChatDecoder({ identity, dialect: compatibleDialect, toError, ...memory });
  let taken = 0;
  const sink = {
    event: (event: Parameters<OpenAiChatDecoder["event"]>[0]) => decoder.event(event),
    shortcut(text: string, offset: number) {
      const behind = isFast ? decoder.shortcut(text, offset) : -1;
      if (behind !== -1) taken++;
      return behind;
    },
  };
  new SseParser(sink, 10_000_000).push([Buffer.from(source)]);
  return { events: decoder.take(), finished: decoder.finished, taken };
}

function toEvent(body: JsonObject): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}

interface Head {
  readonly id: string;
  readonly model: Json;
  readonly more?: JsonObject;
}

/** A chunk, with its id before what it says, or behind. */
function chunk({ id, model, more }: Head, choice: JsonObject, isIdLast = false): string {
  const choices = [{ index: 0, finish_reason: null, ...choice }];
  const body = { choices, model, ...more };
  return toEvent(isIdLast ? { created: 1, ...body, id } : { id, created: 1, object: "chunk", ...body });
}

const begun = { delta: { role: "assistant", content: "" } };
const ended = { delta: {}, finish_reason: "stop" };
const done = "data: [DONE]\n\n";
const word = (content: string): JsonObject => ({ delta: { content } });

/** An answer of three words, of which the first and the last chunk may tell something else than its words. */
function answer(around: Head, words: Head = around): string {
  const said = ["Hi ", "there, ", "you"].map((text) => chunk(words, word(text))).join("");
  return chunk(around, begun) + said + chunk(around, ended) + done;
}

const id = fc.constantFrom("a", "chatcmpl-0123456789", "gen/1", "");
const model = fc.constantFrom<Json[]>("m", "m", "n", "", null);
const sources = fc.constantFrom<JsonObject[]>(
  {},
  {},
  {},
  {},
  { citations: ["https://a.test"] },
  { citations: ["https://b.test"] },
  { citations: [] },
  { search_results: [{ url: "https://c.test", title: "C" }] },
  { search_results: [], citations: ["https://a.test"] },
);
const usage = fc.constantFrom<JsonObject[]>({}, {}, {}, { usage: null }, { usage: { prompt_tokens: 7 } });
const head = fc
  .record({ id, model, sources, usage })
  .map((made): Head => ({ id: made.id, model: made.model, more: { ...made.sources, ...made.usage } }));
const choice = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", 'a quote "').map(word) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<JsonObject[]>(begun, ended, { ...ended, finish_reason: "length" }),
  },
  { weight: 1, arbitrary: fc.constant({ delta: { content: "both" }, finish_reason: "stop" }) },
);

/** Two that differ in all, or only in one thing. */
const heads = fc
  .tuple(head, head, fc.constantFrom<(keyof Head | "all")[]>("all", "id", "model"))
  .map(([one, other, what]): readonly Head[] => [
    one,
    what === "all" ? other : { ...one, [what]: other[what] },
  ]);

/** Chunks that mostly tell what two heads tell, as those of an answer do. */
const answers = fc.tuple(heads, fc.boolean()).chain(([usual, isIdLast]) => {
  const whose = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: head });
  const chunks = fc.array(
    fc.tuple(whose, choice).map(([from, said]) => chunk(from, said, isIdLast)),
    { maxLength: 8 },
  );
  return fc.array(
    chunks.map((list) => list.join("") + chunk({ id: "", model: "" }, ended) + done),
    { minLength: 2, maxLength: 4 },
  );
});

describe("answers of a model that share a memory", () => {
  const cited = { citations: ["https://a.test"] };
  const plain: Head = { id: "a", model: "m" };

  test.each<[string, { readonly before: string; readonly now: string; readonly tells: object }]>([
    [
      "the sources that only its words tell",
      {
        before: answer(plain, { ...plain, more: cited }),
        now: answer({ ...plain, id: "b" }, { id: "b", model: "m", more: cited }),
        tells: { message: { parts: [{ citations: [{ url: "https://a.test" }] }] } },
      },
    ],
    [
      "the sources of its words where its first chunk tells others",
      {
        before: answer(plain, { ...plain, more: cited }),
        now:
          chunk({ ...plain, more: { citations: ["https://b.test"] } }, begun) +
          chunk({ ...plain, more: cited }, word("Hi")) +
          chunk(plain, ended) +
          done,
        tells: { message: { parts: [{ citations: [{ url: "https://a.test" }] }] } },
      },
    ],
    ...["", null].map((none): [string, { before: string; now: string; tells: object }] => [
      `the model that only its words tell, the others ${JSON.stringify(none)}`,
      {
        before: answer(plain),
        now: answer({ id: "b", model: none }, { id: "b", model: "m" }),
        tells: { model: "m" },
      },
    ]),
    [
      "the id that its words tell, where its first chunk has two",
      {
        before: answer(plain),
        now:
          chunk({ ...plain, id: "b" }, begun).replace('"model"', '"id":"c","model"') +
          chunk({ ...plain, id: "b" }, word("Hi")) +
          chunk({ ...plain, id: "" }, ended) +
          done,
        tells: { responseId: "b" },
      },
    ],
    [
      "the model of its last word where a chunk between its words tells another",
      {
        before: answer({ ...plain, model: "n" }, plain),
        now:
          chunk(plain, word("Hi")).repeat(2) +
          chunk({ ...plain, model: "n" }, begun) +
          chunk(plain, word("Hi")) +
          chunk({ id: "", model: "" }, ended) +
          done,
        tells: { model: "m" },
      },
    ],
  ])("tell %s, without being parsed", (_, { before, now, tells }) => {
    const memory = createMemory();
    read(before, memory);
    const { finished, taken } = read(now, memory);

    expect(finished).toMatchObject(tells);
    expect(taken).toBeGreaterThanOrEqual(1);
  });

  test("come out as if each were parsed, whatever their chunks tell", () => {
    fc.assert(
      fc.property(answers, (sourcesOfAll) => {
        const memory = createMemory();

        for (const source of sourcesOfAll) {
          const { events, finished } = read(source, undefined, false);
          expect(read(source, memory)).toMatchObject({ events, finished });
          expect(read(source)).toMatchObject({ events, finished });
        }
      }),
      { numRuns: 500 },
    );
  });

  test("keep nothing of what came with them in one read, neither in what they are nor in the memory", () => {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    if (typeof collect !== "function") throw new Error("There is no gc().");
    const megabytes = 1_000_000;
    const comment = `: ${"x".repeat(megabytes / 2)}\n\n`;
    const kept: (ReturnType<typeof createMemory> | ModelFinished | undefined)[] = [];
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let count = 0; count < 40; count++) {
      const memory = createMemory();
      for (const name of ["chatcmpl-0123456789", "chatcmpl-9876543210"]) {
        kept.push(memory, read(answer({ id: name, model: "m" }) + comment, memory).finished);
      }
    }

    expect(used() - before).toBeLessThan(10 * megabytes);
    expect(kept).toHaveLength(160);
  });

  test("leave no id of theirs in the memory", () => {
    const memory = createMemory();
    for (const name of ["a", "b"]) read(answer({ id: name, model: "m" }), memory);

    expect(memory.quiet).toMatchObject({ id: "", news: undefined });
  });
});
