import type { ModelEvent, ModelFinished, Part } from "@tau/core";
import { Ollama } from "ollama";
import type { ChatResponse } from "ollama";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { NdjsonParser } from "../ndjson/ndjson-parser.ts";
import { startReplay } from "../replay.test.support.ts";
import type { Recording } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { OllamaDecoder } from "./decoder.ts";
import { createOllama } from "./ollama.ts";
import { readOllamaRecordings } from "./recordings.test.support.ts";

const recordings = readOllamaRecordings();
const answers = recordings.filter(({ kind }) => kind !== "error");
const streams = recordings.filter(({ kind }) => kind === "stream");

async function sdkAnswers({ kind }: Recording, host: string): Promise<readonly ChatResponse[]> {
  const client = new Ollama({ host });
  if (kind === "whole") return [await client.chat({ model: "any", stream: false })];
  const chunks: ChatResponse[] = [];
  for await (const chunk of await client.chat({ model: "any", stream: true })) chunks.push(chunk);
  return chunks;
}

function sdkSummary(chunks: readonly ChatResponse[]): unknown {
  const calls = chunks.flatMap(({ message }) => message.tool_calls ?? []);
  const last = chunks.at(-1);
  const reason = calls.length > 0 ? "tool_calls" : (last?.done_reason ?? "stop");
  return {
    text: chunks.map(({ message }) => message.content).join(""),
    thinking: chunks.map(({ message }) => message.thinking ?? "").join(""),
    calls: calls.map(({ function: { name, arguments: args } }) => [name, args]),
    reason,
    model: last?.model,
    usage: [last?.prompt_eval_count ?? 0, last?.eval_count ?? 0],
  };
}

function ourSummary({ message, stopReason, model, usage }: ModelFinished): unknown {
  const text = (type: Part["type"]): string =>
    message.parts.map((part) => (part.type === type && "text" in part ? part.text : "")).join("");
  return {
    text: text("text"),
    thinking: text("thinking"),
    calls: message.parts.flatMap((part) =>
      part.type === "tool_call" ? [[part.name, JSON.parse(part.arguments) as unknown]] : [],
    ),
    reason: stopReason,
    model,
    usage: [usage.inputTokens, usage.outputTokens],
  };
}

function said(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
}

describe("createOllama() on recorded answers", () => {
  test("reads the same answer as the vendor's library", async () => {
    expect([streams.length, answers.length - streams.length, recordings.length - answers.length]).toEqual([
      4, 11, 1,
    ]);
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of answers) {
      const baseUrl = replay.urlOf(recording);
      const expected = sdkSummary(await sdkAnswers(recording, baseUrl));

      const { events, finished } = await readAll(createOllama({ baseUrl, model: "any", transport }));

      expect.soft(ourSummary(finished), recording.name).toEqual(expected);
      expect.soft(said(events), recording.name).toBe(Object(expected).text);
    }
  });

  test("is complete with the end of its last line and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = createDecoder();
      const parser = new NdjsonParser(decoder, 10_000_000);
      // Whether the line feed behind it comes makes no difference.
      const end = body.toString("latin1").trimEnd().length;
      for (let at = 0; at < end - 1; at++) {
        parser.push([body.subarray(at, at + 1)]);
        parser.end();
      }
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(end - 1, end)]);
      parser.end();

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(streams, (body) => body.toString("latin1").trimEnd().length);
    for (const recording of streams) {
      const model = createOllama({ baseUrl: replay.urlOf(recording), model: "any", transport });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("says how to get a model that is not there", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of recordings.filter(({ kind }) => kind === "error")) {
      const model = createOllama({ baseUrl: replay.urlOf(recording), model: "nonexistent-model", transport });

      await expect(readAll(model)).rejects.toMatchObject({
        code: "model.not_found",
        message:
          'Provider "ollama" (model "nonexistent-model") has no such model. Get it with "ollama pull nonexistent-model".',
      });
    }
  });
});

function createDecoder(): OllamaDecoder {
  return new OllamaDecoder({ provider: "ollama", model: "any" }, (body) => new Error(body));
}
