import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { isJsonObject, parseJson } from "@tau/core";
import type { ModelEvent, ModelFinished, Part } from "@tau/core";
import { Ollama } from "ollama";
import type { ChatResponse } from "ollama";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { textAt } from "../json-fields.ts";
import { NdjsonParser } from "../ndjson/ndjson-parser.ts";
import { randomSplits, readAll, seededRandom } from "../recorded.test.support.ts";
import { sendPieces, startLoopback } from "../replay-server.test.support.ts";
import { OllamaDecoder } from "./decoder.ts";
import { createOllama } from "./ollama.ts";

interface Recording {
  readonly name: string;
  readonly kind: string;
  readonly status: number;
  readonly body: Buffer;
}

const recordings = readRecordings();
const answers = recordings.filter(({ kind }) => kind !== "error");
const streams = recordings.filter(({ kind }) => kind === "stream");

function readRecordings(): readonly Recording[] {
  const packed = readFileSync(new URL("../../fixtures/ollama.ndjson.gz", import.meta.url));
  const lines = gunzipSync(packed).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const parsed = parseJson(line);
    const record = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
    return {
      name: `${textAt(record, "path").split("/").at(-1)} ${Number(record["i"])}`,
      kind: textAt(record, "kind"),
      status: Number(record["status"]),
      body: Buffer.from(textAt(record, "response")),
    };
  });
}

/** Serves every recording below a path of its own, streams in random pieces. */
async function startReplay(): Promise<
  AsyncDisposable & { readonly urlOf: (recording: Recording) => string }
> {
  const server = await startLoopback(async (request, response) => {
    const index = Number(request.url?.split("/")[1]);
    const recording = recordings[index];
    if (recording?.kind === "stream") {
      const pieces = randomSplits(recording.body, seededRandom(index));
      await sendPieces(response, pieces, "application/x-ndjson");
      return;
    }
    response.writeHead(recording?.status ?? 500, { "content-type": "application/json; charset=utf-8" });
    response.end(recording?.body);
  });
  return {
    urlOf: (recording) => `${server.url}/${recordings.indexOf(recording)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

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
    await using replay = await startReplay();
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
    await using server = await startLoopback(async (request, response) => {
      const index = Number(request.url?.split("/")[1]);
      const body = streams[index]?.body ?? Buffer.alloc(0);
      const end = body.toString("latin1").trimEnd().length;
      const cut = seededRandom(index)(end);
      await sendPieces(response, [body.subarray(0, cut)], "application/x-ndjson");
    });
    for (const [index, { name }] of streams.entries()) {
      const model = createOllama({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      await expect.soft(readAll(model), name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("says how to get a model that is not there", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay();
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
