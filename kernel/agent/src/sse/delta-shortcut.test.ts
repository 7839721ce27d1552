import type { ModelEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { AnthropicDecoder, createTextPattern } from "../anthropic/decoder.ts";
import type { AnswerDecoder } from "../answer-decoder.ts";
import { createGeminiPatterns, GeminiDecoder } from "../gemini/decoder.ts";
import { NdjsonParser } from "../ndjson/ndjson-parser.ts";
import { createOllamaPatterns, OllamaDecoder } from "../ollama/decoder.ts";
import { createContentPattern, OpenAiChatDecoder } from "../openai-chat/decoder.ts";
import { compatibleDialect } from "../openai-chat/dialect.ts";
import { createQuietChunks } from "../openai-chat/quiet-chunks.ts";
import { SseParser } from "./sse-parser.ts";

const identity = { provider: "test", model: "any" };

/** Everything that comes out of a stream, whole or cut into pieces; the slow way hides the shortcut from the parser. */
function decode(decoder: AnswerDecoder, source: string, fast: boolean, size = Infinity): unknown {
  let taken = 0;
  const sink = {
    event: (event: Parameters<AnswerDecoder["event"]>[0]) => decoder.event(event),
    shortcut(text: string, offset: number) {
      const behind = fast ? decoder.shortcut(text, offset) : -1;
      if (behind !== -1) taken++;
      return behind;
    },
  };
  const events: ModelEvent[] = [];
  let failure: string | undefined;
  try {
    const isSse = !(decoder instanceof OllamaDecoder);
    const parser = isSse ? new SseParser(sink, 1_000_000) : new NdjsonParser(sink, 1_000_000);
    const bytes = Buffer.from(source);
    for (let at = 0; at < bytes.length; at += size) parser.push([bytes.subarray(at, at + size)]);
    decoder.end();
  } catch (error) {
    failure = error instanceof Error ? error.message : "?";
  }
  events.push(...decoder.take());
  return { events, failure, taken: fast ? taken : 0 };
}

const toError = (body: string): Error => new Error(body);

function chatDecoder(pattern = createContentPattern(), quiet = createQuietChunks()): OpenAiChatDecoder {
  return new OpenAiChatDecoder({ identity, dialect: compatibleDialect, toError, pattern, quiet });
}

function openAi(source: string, fast: boolean, size?: number): unknown {
  return decode(chatDecoder(), source, fast, size);
}

function anthropic(source: string, fast: boolean, size?: number): unknown {
  return decode(new AnthropicDecoder(identity, toError), source, fast, size);
}

function gemini(source: string, fast: boolean, size?: number): unknown {
  return decode(new GeminiDecoder(identity, toError), source, fast, size);
}

function ollama(source: string, fast: boolean, size?: number): unknown {
  return decode(new OllamaDecoder(identity, toError), source, fast, size);
}

const openAiEnd = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const anthropicStart =
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1}}}\n\n';
const anthropicEnd = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';

function escapeUnit(unit: string): string {
  return unit < "\u0080" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A text in one of the many ways JSON can write it. */
const token = fc.tuple(fc.string({ unit: "binary" }), fc.boolean()).map(([text, ascii]) => {
  const json = JSON.stringify(text);
  return ascii ? json.split("").map(escapeUnit).join("") : json;
});

const openAiChunk = fc
  .record({
    token,
    role: fc.constantFrom("", '"role":"assistant",'),
    index: fc.constantFrom("0", "0", "0", "1"),
    obfuscation: fc.constantFrom("", ',"obfuscation":"aZ09"', ',"obfuscation":"q"', ',"obfuscation":"a\\n"'),
    finish: fc.constantFrom("null", "null", "null", '"stop"'),
    extra: fc.constantFrom("", "", ',"refusal":null', ',"reasoning":"hm"', ',"content":"again"'),
  })
  .map(
    (c) =>
      `data: {"id":"x","choices":[{"index":${c.index},"delta":{${c.role}"content":${c.token}${c.extra}},"finish_reason":${c.finish}}],"usage":null${c.obfuscation}}\n\n`,
  );

const anthropicEvent = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ token, index: fc.constantFrom(0, 1), pad: fc.nat({ max: 3 }) })
      .map(
        (e) =>
          `event: content_block_delta\ndata: {"type":"content_block_delta","index":${e.index},"delta":{"type":"text_delta","text":${e.token}}${" ".repeat(e.pad)}}\n\n`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, 1)
      .map(
        (index) =>
          `event: content_block_start\ndata: {"type":"content_block_start","index":${index},"content_block":{"type":"text","text":""}}\n\n`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, 1)
      .map((index) => `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`),
  },
  { weight: 1, arbitrary: fc.constant('event: ping\ndata: {"type": "ping"}\n\n') },
);

const geminiChunk = fc
  .record({
    token,
    thought: fc.constantFrom("", "", ',"thought": true', ',"thoughtSignature": "c2ln"'),
    index: fc.constantFrom("", ',"index": 0', ',"index": 0', ',"index": 1'),
    extra: fc.constantFrom("", "", ',"groundingMetadata": {}', ',"groundingMetadata": {"a": 1}'),
    // The last count in a stream is the one that is billed, also when nobody tells it twice.
    usage: fc.oneof(
      fc.constant(""),
      fc
        .tuple(fc.nat({ max: 300 }), fc.nat({ max: 300 }))
        .map(
          ([said, all]) =>
            `,"usageMetadata": {"promptTokenCount": 5,"candidatesTokenCount": ${said},"totalTokenCount": ${all},"candidatesTokensDetails": [{"tokenCount": 7}]}`,
        ),
    ),
  })
  .map(
    (c) =>
      `data: {"candidates": [{"content": {"parts": [{"text": ${c.token}${c.thought}}],"role": "model"}${c.index}${c.extra}}]${c.usage},"modelVersion": "m","responseId": "r"}\r\n\r\n`,
  );
const geminiEnds = fc.constantFrom(
  'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n',
  'data: {"candidates": [{"finishReason": "STOP"}],"usageMetadata": {"candidatesTokenCount": 999}}\r\n\r\n',
);

const ollamaLine = fc
  .record({
    token,
    kind: fc.constantFrom("content" as const, "thinking" as const, "both" as const),
    micros: fc.nat({ max: 999_999 }),
    extra: fc.constantFrom("", "", "", ',"tool_name":"f"'),
    tail: fc.constantFrom("", "", ',"created_at":"again"', ',"eval_count":3'),
  })
  .map(({ token: said, kind, micros, extra, tail }) => {
    const texts = {
      content: `"content":${said}`,
      thinking: `"content":"","thinking":${said}`,
      both: `"content":${said},"thinking":"hm"`,
    };
    return `{"model":"m","created_at":"2026-01-01T00:00:00.${micros}Z","message":{"role":"assistant",${texts[kind]}${extra}},"done":false${tail}}\n`;
  });
const ollamaEnd =
  '{"model":"m","created_at":"z","message":{"role":"assistant","content":""},"done":true,"eval_count":2}\n';

const blocks = [0, 1]
  .map(
    (index) =>
      `event: content_block_start\ndata: {"type":"content_block_start","index":${index},"content_block":{"type":"text","text":""}}\n\n`,
  )
  .join("");

/** One character of the source replaced, left out or doubled. */
function mutate(source: string, place: number, unit: string): string {
  const at = place % (source.length + 1);
  return source.slice(0, at) + unit + source.slice(at + (place % 3));
}

const mutation = fc.tuple(
  fc.nat(),
  fc.constantFrom('"', "\\", "\n", "\r", "}", "{", "\t", "\0", "x", ",", " "),
);

/** Bytes of the pieces in which a stream arrives. */
const size = fc.oneof(fc.constant(Infinity), fc.integer({ min: 50, max: 600 }));

/** An answer that may be cut, broken, or called differently from the others. */
function answersOf(events: fc.Arbitrary<string>, around: readonly [string, string]): fc.Arbitrary<string> {
  const id = fc.constantFrom("x", "gen-1", "q/1", "");
  return fc
    .tuple(fc.array(events, { maxLength: 6 }), id, fc.option(mutation, { freq: 4 }))
    .map(([list, name, broken]) => {
      const source = (around[0] + list.join("") + around[1]).replaceAll(
        /"(id|responseId)":( ?)"[^"]*"/g,
        `"$1":$2"${name}"`,
      );
      return broken === null ? source : mutate(source, ...broken);
    });
}

/** Models, each with its answers and with decoders that know what earlier ones found out. */
const models = [
  [
    "Chat Completions",
    {
      answers: answersOf(openAiChunk, ["", openAiEnd]),
      prepare: () => {
        const [pattern, quiet] = [createContentPattern(), createQuietChunks()];
        return () => chatDecoder(pattern, quiet);
      },
    },
  ],
  [
    "Anthropic",
    {
      answers: answersOf(anthropicEvent, [anthropicStart + blocks, anthropicEnd]),
      prepare: () => {
        const pattern = createTextPattern();
        return () => new AnthropicDecoder(identity, toError, pattern);
      },
    },
  ],
  [
    "Gemini",
    {
      answers: answersOf(geminiChunk, ["", 'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n']),
      prepare: () => {
        const patterns = createGeminiPatterns();
        return () => new GeminiDecoder(identity, toError, patterns);
      },
    },
  ],
  [
    "Ollama",
    {
      answers: answersOf(ollamaLine, ["", ollamaEnd]),
      prepare: () => {
        const patterns = createOllamaPatterns();
        return () => new OllamaDecoder(identity, toError, patterns);
      },
    },
  ],
] as const;

describe("DeltaShortcut", () => {
  test("takes plain deltas, also those with escapes and padding", () => {
    const chunk = (text: string, pad: string): string =>
      `data: {"id":"x","choices":[{"index":0,"delta":{"content":${text}},"finish_reason":null}],"obfuscation":"${pad}"}\n\n`;
    const source = chunk('"one"', "abc") + chunk('"\\ntwo\\u0041"', "Q") + chunk('"🎉"', "") + openAiEnd;

    expect(openAi(source, true)).toMatchObject({ taken: 2, failure: undefined });
    expect(openAi(source, true)).toMatchObject({
      events: [{ text: "one" }, { text: "\ntwoA" }, { text: "🎉" }, {}],
    });
  });

  test("never takes a raw control character, which JSON forbids", () => {
    const chunk = (text: string): string =>
      `data: {"choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}\n\n`;

    expect(openAi(chunk("one") + chunk("t\two"), true)).toMatchObject({ events: [{ text: "one" }] });
    expect(openAi(chunk("one") + chunk("t\two"), true)).not.toMatchObject({ failure: undefined });
  });

  test("gives the same events as the slow way for OpenAI chunks", () => {
    fc.assert(
      fc.property(fc.array(openAiChunk, { maxLength: 12 }), size, (chunks, bytes) => {
        const source = chunks.join("") + openAiEnd;

        expect(openAi(source, true, bytes)).toMatchObject({
          ...Object(openAi(source, false)),
          taken: expect.any(Number),
        });
      }),
    );
  });

  test("gives the same events as the slow way for Anthropic events", () => {
    fc.assert(
      fc.property(fc.array(anthropicEvent, { maxLength: 12 }), size, (events, bytes) => {
        const source = anthropicStart + blocks + events.join("") + anthropicEnd;

        expect(anthropic(source, true, bytes)).toMatchObject({
          ...Object(anthropic(source, false)),
          taken: expect.any(Number),
        });
      }),
    );
  });

  test("gives the same events and the same usage as the slow way for Gemini's chunks", () => {
    fc.assert(
      fc.property(fc.array(geminiChunk, { maxLength: 12 }), geminiEnds, size, (chunks, end, bytes) => {
        const source = chunks.join("") + end;

        expect(gemini(source, true, bytes)).toMatchObject({
          ...Object(gemini(source, false)),
          taken: expect.any(Number),
        });
      }),
      { numRuns: 300 },
    );
  });

  test("gives the same events as the slow way for Ollama's lines", () => {
    fc.assert(
      fc.property(fc.array(ollamaLine, { maxLength: 12 }), size, (lines, bytes) => {
        const source = lines.join("") + ollamaEnd;

        expect(ollama(source, true, bytes)).toMatchObject({
          ...Object(ollama(source, false)),
          taken: expect.any(Number),
        });
      }),
      { numRuns: 300 },
    );
  });

  test("takes the chunks and lines of plain answers, thoughts among them, though counts and times grow", () => {
    const chunk = (text: string, count: number, thought: boolean): string =>
      `data: {"candidates": [{"content": {"parts": [{"text": "${text}"${thought ? ',"thought": true' : ""}}],"role": "model"},"index": 0}],"usageMetadata": {"candidatesTokenCount": ${count},"totalTokenCount": ${count + 9}}}\r\n\r\n`;
    const line = (field: string, count: number): string =>
      `{"model":"m","created_at":"2026-01-01T00:00:00.${count}Z","message":{"role":"assistant","content":${field}},"done":false}\n`;
    const chunks = [1, 20, 300, 4000].map((count, index) => chunk(`w${index}`, count, index < 2));
    const lines = [1, 20, 300, 4000].map((count, index) =>
      line(index < 2 ? '"","thinking":"h"' : '"w"', count),
    );
    const end = 'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n';

    expect(gemini(chunks.join("") + end, true)).toMatchObject({
      taken: 2,
      events: [{}, {}, {}, {}, { usage: { outputTokens: 4000 } }],
    });
    expect(ollama(lines.join("") + ollamaEnd, true)).toMatchObject({ taken: 2 });
  });

  test("gives the same events and failures as the slow way for broken streams of both", () => {
    const streams = fc.oneof(
      fc.array(geminiChunk, { minLength: 2, maxLength: 6 }).map((chunks) => ({
        source: chunks.join("") + 'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n',
        run: gemini,
      })),
      fc
        .array(ollamaLine, { minLength: 2, maxLength: 6 })
        .map((lines) => ({ source: lines.join("") + ollamaEnd, run: ollama })),
    );
    fc.assert(
      fc.property(streams, mutation, ({ source: whole, run }, [place, unit]) => {
        const source = mutate(whole, place, unit);

        expect(run(source, true)).toMatchObject({ ...Object(run(source, false)), taken: expect.any(Number) });
      }),
      { numRuns: 500 },
    );
  });

  test("reads the next answer of a model from its second word on, whatever it is called and when it was made", () => {
    const pattern = createContentPattern();
    const answer = (id: string, created: number): string =>
      ["a", "b", "c"]
        .map(
          (word) =>
            `data: {"id":"${id}","created":${created},"model":"m","choices":[{"index":0,"delta":{"content":"${word}"},"finish_reason":null}]}\n\n`,
        )
        .join("") + openAiEnd;
    const read = (source: string): unknown => decode(chatDecoder(pattern), source, true);

    expect(read(answer("chatcmpl-1", 1))).toMatchObject({ taken: 2 });
    const learned = pattern.newest;
    expect(read(answer("chatcmpl-2", 99))).toMatchObject({
      taken: 2,
      events: [{ text: "a" }, { text: "b" }, { text: "c" }, { responseId: "chatcmpl-2" }],
    });
    expect(learned).toBeDefined();
    expect(pattern.newest).toBe(learned);
  });

  test("reads the next answer from its first word on when an event before it says whose it is", () => {
    const pattern = createContentPattern();
    const chunk = (id: string, delta: string): string =>
      `data: {"id":"${id}","created":1,"model":"m","choices":[{"index":0,"delta":{${delta}},"finish_reason":null}]}\n\n`;
    const words = (id: string): string => chunk(id, '"content":"a"') + chunk(id, '"content":"b"') + openAiEnd;
    const read = (first: string, id: string): unknown =>
      decode(chatDecoder(pattern), chunk(first, '"role":"assistant"') + words(id), true);
    const answerOf = (id: string) => [{ text: "a" }, { text: "b" }, { responseId: id }];

    expect(read("x", "x")).toMatchObject({ taken: 1 });
    expect(read("y", "y")).toMatchObject({ taken: 2, events: answerOf("y") });
    // The first event may be about something else.
    expect(read("", "z")).toMatchObject({ taken: 1, events: answerOf("z") });
  });

  test("keeps to the answer's own way where an id may be something else, too", () => {
    const pattern = createContentPattern();
    const chunk = (id: string): string =>
      `data: {"id":"${id}","meta":{"id":"${id}"},"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n`;
    const read = (source: string): unknown => decode(chatDecoder(pattern), source + openAiEnd, true);

    expect(read(chunk("x") + chunk("x"))).toMatchObject({ taken: 1 });
    expect(read(chunk("y") + chunk("y") + chunk("x"))).toMatchObject({
      taken: 1,
      events: [{}, {}, {}, { responseId: "x" }],
    });
  });

  test.each(models)(
    "gives the same events and failures as the slow way whatever came before: %s",
    (_, model) => {
      fc.assert(
        fc.property(fc.array(model.answers, { minLength: 2, maxLength: 4 }), size, (sources, bytes) => {
          const create = model.prepare();

          for (const source of sources) {
            expect(decode(create(), source, true, bytes)).toMatchObject({
              ...Object(decode(create(), source, false)),
              taken: expect.any(Number),
            });
          }
        }),
        { numRuns: 200 },
      );
    },
  );

  test("adds text to the block that the event names when two are open and one event came in pieces", () => {
    const text = (index: number, word: string): string =>
      `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":"${word}"}}\n\n`;
    const head = anthropicStart + blocks + text(0, "a");
    const source = `${head}${text(1, "b")}${text(0, "c")}${anthropicEnd}`;
    const cutInSecond = Buffer.byteLength(head) + 60;

    expect(anthropic(source, true, cutInSecond)).toMatchObject({
      events: [{}, {}, {}, { message: { parts: [{ text: "ac" }, { text: "b" }] } }],
    });
  });

  test("gives the same events and failures as the slow way for broken streams", () => {
    fc.assert(
      fc.property(
        fc.array(openAiChunk, { minLength: 2, maxLength: 6 }),
        mutation,
        (chunks, [place, unit]) => {
          const source = mutate(chunks.join("") + openAiEnd, place, unit);

          expect(openAi(source, true)).toMatchObject({
            ...Object(openAi(source, false)),
            taken: expect.any(Number),
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
