import type { JsonObject, ModelEvent, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { seededRandom } from "../testing/random-splits.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { GeminiDecoder } from "./decoder.ts";

function chunkOf(parts: readonly JsonObject[], fields: JsonObject = {}, whole: JsonObject = {}): JsonObject {
  return { candidates: [{ content: { role: "model", parts }, ...fields }], responseId: "r", ...whole };
}

function decode(...chunks: readonly JsonObject[]): {
  readonly events: readonly ModelEvent[];
  readonly finished: ModelFinished | undefined;
} {
  const decoder = new GeminiDecoder({ provider: "gemini", model: "m" }, (body) => new Error(body));
  const parser = new SseParser(decoder, 1_000_000);
  parser.push(chunks.map((chunk) => Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)));
  decoder.end();
  return { events: decoder.take(), finished: decoder.finished };
}

const stop = { finishReason: "STOP" };

describe("GeminiDecoder", () => {
  test("keeps a text with a signature apart from those without, and a signature without text", () => {
    const { events, finished } = decode(
      chunkOf([{ text: "A" }]),
      chunkOf([{ text: "B" }]),
      chunkOf([{ text: "C", thoughtSignature: "c2ln" }]),
      chunkOf([{ text: "D" }]),
      chunkOf([{ text: "", thoughtSignature: "c2lnMg==" }], stop),
    );

    expect(events.slice(0, 4).map((event) => event.type === "text_delta" && event.text)).toEqual([
      "A",
      "B",
      "C",
      "D",
    ]);
    expect(finished?.message.parts).toMatchObject([
      { type: "text", text: "AB" },
      { type: "text", text: "C", providerData: { data: { part: { thoughtSignature: "c2ln" } } } },
      { type: "text", text: "D" },
      { type: "provider_item", kind: "thoughtSignature" },
    ]);
  });

  test("puts arguments together that come field by field, and ends a call that nobody ends", () => {
    const piece = (jsonPath: string, value: JsonObject, more = true): JsonObject => ({
      functionCall: { partialArgs: [{ jsonPath, ...value }], willContinue: more },
    });
    const { events, finished } = decode(
      chunkOf([{ functionCall: { name: "write", willContinue: true } }]),
      chunkOf([piece("$.items[0].name", { stringValue: "Ap", willContinue: true })]),
      chunkOf([piece("$.items[0].name", { stringValue: "ple" })]),
      chunkOf([
        piece("$.items[0].price", { numberValue: 0.5 }),
        piece("$.items[1].name", { nullValue: "NULL_VALUE" }),
      ]),
      chunkOf([piece("$['odd key'].__proto__", { boolValue: true })]),
      chunkOf([{ functionCall: { name: "next", args: { a: 1 } } }], stop),
    );
    const text = '{"items":[{"name":"Apple","price":0.5},{"name":null}],"odd key":{"__proto__":true}}';

    expect(finished?.message.parts).toEqual([
      { type: "tool_call", id: "r_0", name: "write", arguments: text },
      { type: "tool_call", id: "r_1", name: "next", arguments: '{"a":1}' },
    ]);
    expect(events.slice(0, 4)).toEqual([
      { type: "tool_call_started", index: 0, id: "r_0", name: "write" },
      { type: "tool_call_delta", index: 0, fragment: text },
      { type: "tool_call_started", index: 1, id: "r_1", name: "next" },
      { type: "tool_call_delta", index: 1, fragment: '{"a":1}' },
    ]);
    expect(finished?.stopReason).toBe("tool_calls");
  });

  test.each([
    ["a list with holes", "$.a[5]"],
    ["a list that is an object", "$.a.b", "$.a[0]"],
    ["no path", ""],
    ["a path that cannot be read", "$.a[b"],
    ["a very deep path", `$${".a".repeat(100)}`],
  ])("refuses arguments with %s", (_name, ...paths) => {
    const pieces = paths.map((jsonPath) => ({ jsonPath, stringValue: "x" }));

    expect(() => decode(chunkOf([{ functionCall: { name: "f", partialArgs: pieces } }], stop))).toThrow(
      expect.objectContaining({ code: "model.parse" }),
    );
  });

  test("refuses a call without a name", () => {
    expect(() => decode(chunkOf([{ functionCall: { args: {} } }], stop))).toThrow(
      expect.objectContaining({ code: "model.parse" }),
    );
  });

  test.each([
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filtered"],
    ["RECITATION", "content_filtered"],
    ["PROHIBITED_CONTENT", "content_filtered"],
    ["IMAGE_SAFETY", "content_filtered"],
    [2, "length"],
    [3, "content_filtered"],
  ])("takes the finish reason %s for %s", (finishReason, stopReason) => {
    expect(decode(chunkOf([{ text: "A" }], { finishReason })).finished?.stopReason).toBe(stopReason);
  });

  test.each([
    ["MALFORMED_FUNCTION_CALL", "model.malformed_tool_call", "retryable"],
    ["UNEXPECTED_TOOL_CALL", "model.malformed_tool_call", "retryable"],
    ["MISSING_THOUGHT_SIGNATURE", "model.invalid_request", "permanent"],
    ["OTHER", "model.truncated", "retryable"],
    ["A_WORD_OF_TOMORROW", "model.truncated", "retryable"],
    ["constructor", "model.truncated", "retryable"],
    [99, "model.truncated", "retryable"],
  ])("does not take %s for an answer", (finishReason, code, errorClass) => {
    expect(() => decode(chunkOf([{ text: "A" }], { finishReason }))).toThrow(
      expect.objectContaining({ code, class: errorClass }),
    );
  });

  test("passes on the call of a tool that nobody offered: whoever runs tools tells the model so", () => {
    const finished = decode(
      chunkOf([{ functionCall: { name: "ls", args: {} } }], { finishReason: "UNEXPECTED_TOOL_CALL" }),
    ).finished;

    expect(finished).toMatchObject({ stopReason: "tool_calls", message: { parts: [{ name: "ls" }] } });
  });

  test("takes what the hidden function was called with for the text of the answer", () => {
    const call = {
      functionCall: { name: "__respond_with__", args: { city: "Rome" } },
      thoughtSignature: "c2ln",
    };
    const { events, finished } = decode(chunkOf([call], stop));

    expect(finished).toMatchObject({
      message: { parts: [{ type: "text", text: '{"city":"Rome"}' }] },
      stopReason: "stop",
    });
    expect(events[0]).toEqual({ type: "text_delta", text: '{"city":"Rome"}' });
  });

  test("says what a filter says of itself", () => {
    const safetyRatings = [{ category: "HARM_CATEGORY_HATE_SPEECH", blocked: true }];
    const candidate = { finishReason: "SAFETY", finishMessage: "Because.", safetyRatings };

    expect(decode(chunkOf([{ text: "A" }], candidate)).finished).toMatchObject({
      stopReason: "content_filtered",
      stopDetails: candidate,
    });
  });

  test("throws the filter's refusal of a prompt, and an error inside the stream", () => {
    expect(() => decode({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } })).toThrow(
      expect.objectContaining({
        code: "model.content_filtered",
        message:
          'Provider "gemini" (model "m") refused the request because of its content filter (PROHIBITED_CONTENT).',
      }),
    );
    // As `enum-encoding=int` has it.
    expect(() => decode({ promptFeedback: { blockReason: 1 } })).toThrow(/content filter \(reason 1\)/);
    expect(() => decode({ error: { code: 503, status: "UNAVAILABLE" } })).toThrow("UNAVAILABLE");
  });

  test("keeps the newest usage, thoughts and results of tools included, and the first candidate", () => {
    const { finished } = decode(
      chunkOf([{ text: "A" }], {}, { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1 } }),
      {
        candidates: [
          { index: 1, content: { parts: [{ text: "other" }] }, finishReason: "SAFETY" },
          { index: 0, content: { parts: [{ text: "B" }] }, finishReason: "STOP" },
        ],
        usageMetadata: {
          promptTokenCount: 5,
          cachedContentTokenCount: 3,
          toolUsePromptTokenCount: 10,
          candidatesTokenCount: 2,
          thoughtsTokenCount: 7,
        },
        modelVersion: "m-001",
      },
    );

    expect(finished).toMatchObject({
      message: { parts: [{ type: "text", text: "AB" }] },
      usage: {
        inputTokens: 15,
        outputTokens: 9,
        cacheReadTokens: 3,
        cacheWriteTokens: 0,
        reasoningTokens: 7,
      },
      stopReason: "stop",
      model: "m-001",
      responseId: "r",
    });
  });

  test("finds sources by bytes, by words where the bytes mean something else, and works it repeats", () => {
    const groundingMetadata = {
      webSearchQueries: ["q"],
      groundingChunks: [
        { web: { uri: "https://a", title: "A" } },
        { retrievedContext: { text: "Said so.", fileSearchStore: "stores/1" } },
      ],
      groundingSupports: [
        { segment: { startIndex: 5, endIndex: 9, text: "Ü2." }, groundingChunkIndices: [0, 7] },
        { segment: { startIndex: 900, endIndex: 903, text: "😀1" }, groundingChunkIndices: [1] },
        { segment: { endIndex: 3, text: "never said" }, groundingChunkIndices: [0] },
      ],
    };
    const citationMetadata = { citationSources: [{ startIndex: 5, endIndex: 9, uri: "https://book" }] };
    const { finished } = decode(
      chunkOf([{ text: "😀1" }]),
      chunkOf([{ executableCode: { code: "1" } }, { text: "Ü2." }], {
        ...stop,
        groundingMetadata,
        citationMetadata,
      }),
    );

    expect(finished?.message.parts).toEqual([
      {
        type: "text",
        text: "😀1",
        citations: [{ title: "stores/1", quote: "Said so.", start: 0, end: 3 }],
      },
      expect.objectContaining({ type: "provider_item", kind: "executableCode" }),
      {
        type: "text",
        text: "Ü2.",
        citations: [
          { url: "https://a", title: "A", start: 0, end: 3 },
          { url: "https://a", title: "A" },
          { url: "https://book", start: 0, end: 3 },
        ],
      },
      {
        type: "provider_item",
        kind: "groundingMetadata",
        providerData: { protocol: "gemini", data: { provider: "gemini", groundingMetadata } },
      },
    ]);
  });

  test("refuses what is no answer of the protocol", () => {
    const decoder = new GeminiDecoder({ provider: "gemini", model: "m" }, (body) => new Error(body));

    expect(() => decoder.readAnswer({ choices: [] })).toThrow(
      expect.objectContaining({ code: "model.parse" }),
    );
    expect(() => decoder.readAnswer([])).toThrow(expect.objectContaining({ code: "model.parse" }));
  });

  test("cannot be made to crash or finish by noise", () => {
    const good = JSON.stringify(
      chunkOf([{ text: "A" }, { functionCall: { name: "f", args: {} } }], { ...stop, groundingMetadata: {} }),
    );
    const values = ["null", "0", '""', "[]", "{}", '{"a":1}', "[null]"];
    for (let round = 0; round < 2000; round++) {
      const random = seededRandom(round);
      const places = [...good.matchAll(/(?<=:)(?:"[^"]*"|\d+|\{\})/g)];
      const place = places[random(places.length)];
      if (place === undefined) throw new Error("no place");
      const noise = `${good.slice(0, place.index)}${values[random(values.length)]}${good.slice(place.index + place[0].length)}`;
      const decoder = new GeminiDecoder({ provider: "gemini", model: "m" }, (body) => new Error(body));
      try {
        new SseParser(decoder, 1_000_000).push([Buffer.from(`data: ${noise}\n\n`)]);
        decoder.end();
      } catch (error) {
        expect(error).toMatchObject({ kind: "tau.error" });
      }
      const reason = /"finishReason":"STOP"/.test(noise);
      if (decoder.finished !== undefined) expect(reason).toBe(true);
    }
  });
});
