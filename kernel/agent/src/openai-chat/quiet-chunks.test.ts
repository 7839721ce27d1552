import type { Json, JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { SseParser } from "../sse/sse-parser.ts";
import { OpenAiChatDecoder } from "./decoder.ts";
import { compatibleDialect } from "./dialect.ts";
import { createQuietChunks } from "./quiet-chunks.ts";

const identity = { provider: "test", model: "any" };

function chunk(id: string, choice: JsonObject, more: JsonObject = {}): string {
  const choices = [{ index: 0, ...choice }];
  return `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created: 1, model: "m", choices, ...more })}\n\n`;
}

/** Quiet chunks that have learnt from this text. */
function learntFrom(...texts: readonly string[]) {
  const quiet = createQuietChunks();
  for (const text of texts) {
    const event: Json = JSON.parse(text.slice(6));
    quiet.learn({ name: "", data: "", text, start: 0, end: text.length }, event);
  }
  return quiet;
}

const first = { delta: { role: "assistant", content: "" }, finish_reason: null };
const last = { delta: {}, finish_reason: "stop" };

describe("createQuietChunks()", () => {
  test("knows the first and the last chunk again, whatever the answer is called and when it was made", () => {
    const quiet = learntFrom(chunk("a", first), chunk("a", last));
    const begun = chunk("chatcmpl-2", first, { created: 99 });
    const ended = chunk("chatcmpl-2", last);

    expect(quiet.read(`x${begun}`, 1)).toBe(1 + begun.length);
    expect(quiet).toMatchObject({ id: "chatcmpl-2", news: { model: "m", finishReason: "" } });
    expect(quiet.read(ended, 0)).toBe(ended.length);
    expect(quiet).toMatchObject({ id: "chatcmpl-2", news: { model: "m", finishReason: "stop" } });
    expect(quiet.read(chunk("a", { ...last, finish_reason: "length" }), 0)).toBe(-1);
    expect(quiet.read(ended.slice(0, -1), 0)).toBe(-1);
  });

  test.each([
    ["text", chunk("a", { ...first, delta: { content: "word" } })],
    ["a call", chunk("a", { ...first, delta: { tool_calls: [{ index: 0, id: "1" }] } })],
    ["a field that nobody knows yet", chunk("a", { ...first, delta: { thought: "hm" } })],
    ["usage", chunk("a", last, { usage: { prompt_tokens: 1 } })],
    ["sources", chunk("a", last, { citations: ["https://a.test"] })],
    ["an error", chunk("a", last, { error: { message: "no" } })],
    ["an error as its reason", chunk("a", { ...last, finish_reason: "error" })],
    ["another choice", chunk("a", { ...last, index: 1 })],
    ["an id in another place, too", chunk("a", { ...last, delta: { role: { id: "a" } } })],
    ["an id that is no word", chunk("a/b", last)],
    ["no id", chunk("", last).replace('"id":"",', "")],
    ["more than one line", chunk("a", last).replace(",", ",\n")],
  ])("leaves a chunk with %s to be parsed", (_, text) => {
    expect(learntFrom(text).read(text, 0)).toBe(-1);
  });

  test("learns no more where no chunk comes again", () => {
    const texts = Array.from({ length: 9 }, (_, index) => chunk("a", last, { model: `m${index}` }));
    const quiet = learntFrom(...texts);
    const known = texts.filter((text) => quiet.read(text, 0) !== -1);

    expect(known).toEqual(texts.slice(4, 8));
  });
});

test("OpenAiChatDecoder reads the chunks that it knows as those that it parses", () => {
  const quiet = createQuietChunks();
  const read = (text: string): unknown => {
    const toError = (body: string): Error => new Error(body);
    const decoder = new OpenAiChatDecoder({ identity, dialect: compatibleDialect, toError, quiet });
    new SseParser(decoder, 100_000).push([Buffer.from(text)]);
    return decoder.finished;
  };
  const answer = (id: string): string =>
    `${chunk(id, first) + chunk(id, { ...first, delta: { content: "Hi" } }) + chunk(id, last)}data: [DONE]\n\n`;
  const finished = {
    message: { role: "assistant", parts: [{ type: "text", text: "Hi" }] },
    stopReason: "stop",
    model: "m",
  };

  for (const id of ["a", "b"]) expect(read(answer(id))).toMatchObject({ ...finished, responseId: id });
  // Without its end it is no answer.
  expect(() => read(`${chunk("c", first)}data: [DONE]\n\n`)).toThrow("before the end marker");
});
