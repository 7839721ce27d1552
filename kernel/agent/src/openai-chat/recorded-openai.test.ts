import OpenAI from "openai";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { readAll, readRecordings, randomSplits, seededRandom } from "../recorded.test.support.ts";
import type { Recording } from "../recorded.test.support.ts";
import { sendPieces, startLoopback } from "../replay-server.test.support.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { OpenAiChatDecoder } from "./decoder.ts";
import { openAiDialect } from "./dialect.ts";
import { createOpenAiChat } from "./openai-chat.ts";

const recordings = readRecordings("openai.chat.completions");
const streams = recordings.filter(({ kind }) => kind === "stream");
const errors = recordings.filter(({ kind }) => kind === "error");

/** What the vendor's own library makes of the same bytes. */
async function fromSdk({ body }: Recording): Promise<unknown> {
  const client = new OpenAI({
    apiKey: "none",
    maxRetries: 0,
    fetch: async () =>
      new Response(new Uint8Array(body), { headers: { "content-type": "text/event-stream" } }),
  });
  const stream = client.chat.completions.stream({
    model: "any",
    messages: [{ role: "user", content: "hi" }],
  });
  // Its own sum forgets the usage when a later chunk says `null`; the last one that was told counts.
  let usage: OpenAI.CompletionUsage | null | undefined;
  stream.on("chunk", (chunk) => (usage = chunk.usage ?? usage));
  const completion = await stream.finalChatCompletion();
  const choice = completion.choices.find(({ index }) => index === 0);
  const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === "function");
  return {
    id: completion.id,
    model: completion.model,
    text: `${choice?.message.content ?? ""}${choice?.message.refusal ?? ""}`,
    calls: calls.map((call) => [call.id, call.function.name, call.function.arguments]),
    reason: choice?.finish_reason === "stop" && calls.length > 0 ? "tool_calls" : choice?.finish_reason,
    usage: {
      inputTokens: usage?.prompt_tokens ?? 0,
      outputTokens: usage?.completion_tokens ?? 0,
      cacheReadTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      cacheWriteTokens: usage?.prompt_tokens_details?.cache_write_tokens ?? 0,
      reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

function createDecoder(): OpenAiChatDecoder {
  return new OpenAiChatDecoder({
    identity: { provider: "openai", model: "any" },
    dialect: openAiDialect,
    toError: (body) => new Error(body),
  });
}

describe("createOpenAiChat() on recorded streams", () => {
  test("has every recorded stream and error at hand", () => {
    expect([streams.length, errors.length]).toEqual([118, 18]);
  });

  test("reads the same answer as the vendor's library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using server = await startLoopback(async (request, response) => {
      const index = Number(request.url?.split("/")[1]);
      const pieces = randomSplits(streams[index]?.body ?? Buffer.alloc(0), seededRandom(index));
      await sendPieces(response, pieces);
    });
    for (const [index, recording] of streams.entries()) {
      const model = createOpenAiChat({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      const { events, finished } = await readAll(model);

      const calls = finished.message.parts.filter((part) => part.type === "tool_call");
      const text = finished.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      const reason = finished.stopReason === "content_filtered" ? "content_filter" : finished.stopReason;
      expect
        .soft(
          {
            id: finished.responseId,
            model: finished.model,
            text,
            calls: calls.map((call) => [call.id, call.name, call.arguments]),
            reason,
            usage: finished.usage,
          },
          recording.name,
        )
        .toEqual(await fromSdk(recording));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      expect.soft(said, recording.name).toBe(text);
    }
  });

  test("is complete with the last byte and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = createDecoder();
      const parser = new SseParser(decoder, 1_000_000);
      for (let at = 0; at < body.length - 1; at++) parser.push([body.subarray(at, at + 1)]);
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(-1)]);

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using server = await startLoopback(async (request, response) => {
      const index = Number(request.url?.split("/")[1]);
      const body = streams[index]?.body ?? Buffer.alloc(0);
      await sendPieces(response, [body.subarray(0, seededRandom(index)(body.length))]);
    });
    for (const [index, { name }] of streams.entries()) {
      const model = createOpenAiChat({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      await expect.soft(readAll(model), name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("maps every recorded refusal to its code", async () => {
    await using transport = createHttpTransport();
    await using server = await startLoopback((request, response) => {
      const recording = errors[Number(request.url?.split("/")[1])];
      response.writeHead(recording?.status ?? 500, { "content-type": "application/json" });
      response.end(recording?.body);
    });
    const expected: Readonly<Record<number, string>> = {
      400: "model.invalid_request",
      401: "model.auth",
      404: "model.not_found",
    };
    for (const [index, { name, status }] of errors.entries()) {
      const model = createOpenAiChat({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      await expect.soft(readAll(model), name).rejects.toMatchObject({ code: expected[status] });
    }
  });
});
