import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject, ModelEvent, ModelFinished, Part } from "@tau/core";
import { GoogleGenAI } from "@google/genai";
import type { GenerateContentResponse } from "@google/genai";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { objectAt, objectsAt, textAt, without } from "../json-fields.ts";
import { startReplay } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { toContents } from "./content.ts";
import { GeminiDecoder } from "./decoder.ts";
import { createGemini } from "./gemini.ts";
import { readGeminiRecordings } from "./recordings.test.support.ts";
import type { GeminiRecording } from "./recordings.test.support.ts";

const recordings = readGeminiRecordings();
/** Streamed without `alt=sse`, as one list, which the library cannot read. */
const listed = /test_gemini_token_counts_streaming/;
const blocked = /prompt_template_text_gets_blocked\.yaml 1/;
const answers = recordings.filter(({ kind, name }) => kind !== "error" && !blocked.test(name));
const streams = answers.filter(({ kind }) => kind === "stream");

/** The chunks as the vendor's library delivers them; a whole answer is one. */
async function sdkChunks(recording: GeminiRecording, baseUrl: string): Promise<readonly JsonObject[]> {
  const { models } = new GoogleGenAI({
    apiKey: "none",
    vertexai: recording.provider === "vertex",
    httpOptions: { baseUrl },
  });
  const question = { model: "any", contents: "hi" };
  const chunks: GenerateContentResponse[] = [];
  if (recording.kind === "whole") chunks.push(await models.generateContent(question));
  else for await (const chunk of await models.generateContentStream(question)) chunks.push(chunk);
  const plain: unknown = JSON.parse(JSON.stringify(chunks));
  return Array.isArray(plain) ? plain.filter(isJsonObject) : [];
}

function partsOf(chunks: readonly JsonObject[]): readonly JsonObject[] {
  return chunks.flatMap((chunk) =>
    objectsAt(chunk, "candidates").flatMap((candidate) => objectsAt(objectAt(candidate, "content"), "parts")),
  );
}

/** The parts of a stream as those of one answer: texts joined, calls put together, nothing that says nothing. */
function joined(parts: readonly JsonObject[]): readonly JsonObject[] {
  const whole: JsonObject[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const isPlain = ["", "thought"].includes(Object.keys(without(part, "text")).join());
    if (isPlain && part["text"] === "") continue;
    const joins =
      last !== undefined && isPlain && ["text", "text,thought"].includes(Object.keys(last).toSorted().join());
    if (joins && last["thought"] === part["thought"]) {
      whole[whole.length - 1] = { ...last, text: textAt(last, "text") + textAt(part, "text") };
    } else if (isJsonObject(part["functionCall"])) addCall(whole, part, part["functionCall"]);
    else whole.push(part);
  }
  return whole;
}

function addCall(whole: JsonObject[], part: JsonObject, call: JsonObject): void {
  if (call["name"] !== undefined) {
    const { name, id, args = {} } = call;
    whole.push({ ...part, functionCall: { ...(id === undefined ? {} : { id }), name, args } });
    return;
  }
  const last = whole.findLast((one) => one["functionCall"] !== undefined);
  const args: unknown = Object(last?.["functionCall"]).args;
  for (const piece of objectsAt(call, "partialArgs")) place(Object(args), piece);
}

/** Puts one piece of a call's arguments at its path, as plainly as possible. */
function place(args: Record<string, unknown>, piece: JsonObject): void {
  const path = textAt(piece, "jsonPath").slice(2).replaceAll("]", "").split(/[.[]/);
  let at: Record<string, unknown> = args;
  for (const [index, step] of path.slice(0, -1).entries()) {
    at = Object((at[step] ??= /^\d+$/.test(path[index + 1] ?? "") ? [] : {}));
  }
  const last = path.at(-1) ?? "";
  const { stringValue, numberValue, boolValue } = piece;
  const before = at[last];
  const joins = typeof before === "string" && typeof stringValue === "string";
  at[last] = joins ? before + stringValue : (stringValue ?? numberValue ?? boolValue ?? null);
}

const reasons: Readonly<Record<string, string>> = {
  MAX_TOKENS: "length",
  SAFETY: "content_filtered",
  MODEL_ARMOR: "content_filtered",
};

function sdkSummary(chunks: readonly JsonObject[]): unknown {
  const parts = joined(partsOf(chunks));
  const said = (thought: boolean): string =>
    parts.map((part) => ((part["thought"] === true) === thought ? textAt(part, "text") : "")).join("");
  const calls = parts.map((part) => part["functionCall"]).filter(isJsonObject);
  const usage = chunks.map((chunk) => chunk["usageMetadata"]).findLast(isJsonObject) ?? {};
  const count = (name: string): number => Number(usage[name] ?? 0);
  const last = objectsAt(chunks.at(-1) ?? {}, "candidates")[0] ?? {};
  // Asked for numbers instead of names, Vertex sends 2.
  const reason = last["finishReason"] === 2 ? "MAX_TOKENS" : textAt(last, "finishReason");
  return {
    id: chunks.findLast((chunk) => chunk["responseId"] !== undefined)?.["responseId"],
    model: chunks.at(-1)?.["modelVersion"],
    text: said(false),
    thinking: said(true),
    calls: calls.map(({ name, args }) => [name, args]),
    reason: reasons[reason] ?? (calls.length > 0 ? "tool_calls" : "stop"),
    usage: {
      inputTokens: count("promptTokenCount") + count("toolUsePromptTokenCount"),
      outputTokens: count("candidatesTokenCount") + count("thoughtsTokenCount"),
      cacheReadTokens: count("cachedContentTokenCount"),
      cacheWriteTokens: 0,
      reasoningTokens: count("thoughtsTokenCount"),
    },
    parts,
  };
}

function ourSummary({ message, ...finished }: ModelFinished): unknown {
  const text = (type: Part["type"]): string =>
    message.parts.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  const options = {
    identity: { provider: "gemini", model: "any" },
    settings: { generation: 2, schemas: "json" },
  } as const;
  const content = toContents(message, undefined, options);
  const written: unknown = content === "" ? {} : JSON.parse(content);
  return {
    id: finished.responseId,
    model: finished.model,
    text: text("text"),
    thinking: text("thinking"),
    calls: message.parts.flatMap((part) =>
      part.type === "tool_call" ? [[part.name, JSON.parse(part.arguments) as unknown]] : [],
    ),
    reason: finished.stopReason,
    usage: finished.usage,
    parts: isJsonObject(written) ? objectsAt(written, "parts") : [],
  };
}

function eventsAgree(events: readonly ModelEvent[], { message }: ModelFinished): boolean {
  const said = (type: "text_delta" | "thinking_delta"): string =>
    events.map((event) => (event.type === type ? event.text : "")).join("");
  const kept = (type: "text" | "thinking"): string =>
    message.parts.map((part) => (part.type === type ? part.text : "")).join("");
  return said("text_delta") === kept("text") && said("thinking_delta") === kept("thinking");
}

describe("createGemini() on recorded answers", () => {
  test("has every recording at hand", () => {
    const count = (kind: GeminiRecording["kind"]): number =>
      recordings.filter((recording) => recording.kind === kind).length;

    expect([count("stream"), count("whole"), count("error")]).toEqual([40, 495, 8]);
  });

  test("reads the same answer as the vendor's library, and would send the same parts back", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of answers.filter(({ name }) => !listed.test(name))) {
      const baseUrl = replay.urlOf(recording);
      const expected = sdkSummary(await sdkChunks(recording, baseUrl));

      const { events, finished } = await readAll(createGemini({ baseUrl, model: "any", transport }));

      expect.soft(ourSummary(finished), recording.name).toEqual(expected);
      expect.soft(eventsAgree(events, finished), recording.name).toBe(true);
    }
  });

  test("reads a stream that came as one list", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    const recording = answers.find(({ name }) => listed.test(name));
    if (recording === undefined) throw new Error("no such recording");

    const { finished } = await readAll(
      createGemini({ baseUrl: replay.urlOf(recording), model: "any", transport }),
    );

    const chunks: unknown = JSON.parse(recording.body.toString());
    const expected = sdkSummary(Array.isArray(chunks) ? chunks.filter(isJsonObject) : []);
    expect(ourSummary(finished)).toEqual({ ...Object(expected), reason: "stop" });
  });

  test("names the sources of a text, each beside the words that it is for", () => {
    let supports = 0;
    let found = 0;
    for (const recording of answers) {
      const message = decode(recording);
      const text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      const cited = message.parts.flatMap((part) =>
        part.type === "text"
          ? (part.citations ?? []).map(({ start, end }) => part.text.slice(start, end))
          : [],
      );
      for (const support of supportsIn(recording)) {
        const words = textAt(objectAt(support, "segment"), "text");
        supports++;
        if (!text.includes(words)) continue;
        found++;
        expect.soft(cited, recording.name).toContain(words);
      }
    }

    expect([supports, found]).toEqual([56, 56]);
  });

  test("is complete with the end of its last event and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = createDecoder();
      const parser = new SseParser(decoder, 10_000_000);
      const end = lengthOfAnswer(body);
      for (let at = 0; at < end - 1; at++) {
        parser.push([body.subarray(at, at + 1)]);
        decoder.end();
      }
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(end - 1, end)]);
      decoder.end();

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(streams, lengthOfAnswer);
    for (const recording of streams) {
      const model = createGemini({ baseUrl: replay.urlOf(recording), model: "any", transport });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("maps every recorded refusal to its code", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    const codes: Record<string, number> = {};
    for (const recording of recordings.filter((one) => !answers.includes(one))) {
      const model = createGemini({ baseUrl: replay.urlOf(recording), model: "any", transport });
      const error: unknown = await readAll(model).catch((thrown: unknown) => thrown);
      const code = String(Object(error).code);
      codes[code] = (codes[code] ?? 0) + 1;
      if (code === "model.rate_limited") expect(error).toMatchObject({ retryAfterMs: 34_400 });
      if (code === "model.content_filtered") {
        expect(error).toMatchObject({ details: { blockReason: "MODEL_ARMOR" } });
      }
    }

    expect(codes).toEqual({
      "model.content_filtered": 1,
      "model.invalid_request": 5,
      "model.not_found": 2,
      "model.rate_limited": 1,
    });
  });
});

function createDecoder(): GeminiDecoder {
  return new GeminiDecoder({ provider: "gemini", model: "any" }, (body) => new Error(body));
}

function decode({ kind, body }: GeminiRecording): ModelFinished["message"] {
  const decoder = createDecoder();
  if (kind === "stream") new SseParser(decoder, 10_000_000).push([body]);
  else {
    const parsed = parseJson(body.toString());
    if (parsed.ok) decoder.readAnswer(parsed.value);
  }
  decoder.end();
  if (decoder.finished === undefined) throw new Error("not finished");
  return decoder.finished.message;
}

/** The stretches of text that have a source which can be shown. */
function supportsIn({ kind, body }: GeminiRecording): readonly JsonObject[] {
  const chunks =
    kind === "stream"
      ? body
          .toString()
          .split(/\r?\n/)
          .flatMap((line) => (line.startsWith("data:") ? [line.slice(5)] : []))
      : [body.toString()];
  return chunks.flatMap((chunk) => {
    const parsed = parseJson(chunk);
    const candidates = parsed.ok && isJsonObject(parsed.value) ? objectsAt(parsed.value, "candidates") : [];
    return candidates.flatMap((candidate) =>
      objectsAt(objectAt(candidate, "groundingMetadata"), "groundingSupports"),
    );
  });
}

/** Bytes up to the carriage return that ends the last event; its line feed says nothing more. */
function lengthOfAnswer(body: Buffer): number {
  return body.toString("latin1").endsWith("\r\n") ? body.length - 1 : body.length;
}
