import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";

import { describe, expect, test } from "vitest";

import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import type { OpenAiChatOptions } from "../openai-chat/openai-chat.ts";
import { startLoopback } from "../testing/loopback.ts";
import { randomSplits, seededRandom } from "../testing/random-splits.ts";
import { hello, readAll } from "../testing/read-all.ts";
import { createHttpTransport } from "./http-transport.ts";

const chunk = (text: string): string =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`;
const ending = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const stream = chunk("größer ") + chunk("als 世界") + ending;
const whole = '{"choices":[{"index":0,"message":{"content":"größer als 世界"},"finish_reason":"stop"}]}';

/** What is read of an answer that a server sends with these headers, or what was thrown. */
async function answerTo(
  pieces: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
  { status = 200, ...timeouts }: OpenAiChatOptions["timeouts"] & { readonly status?: number } = {},
): Promise<unknown> {
  await using server = await startLoopback((_request, response) => {
    response.writeHead(status, headers);
    for (const piece of pieces) response.write(piece);
    response.end();
  });
  await using transport = createHttpTransport();
  const model = createOpenAiChat({ baseUrl: server.url, model: "any", transport, timeouts });
  try {
    return (await readAll(model)).finished.message.parts;
  } catch (error) {
    return error;
  }
}

const sse = (encoding: string): Readonly<Record<string, string>> => ({
  "content-type": "text/event-stream",
  "content-encoding": encoding,
});
const said = [{ type: "text", text: "größer als 世界" }];

describe("an answer that came compressed", () => {
  test.each([
    ["gzip", gzipSync(stream)],
    ["x-gzip", gzipSync(stream)],
    ["GZIP", gzipSync(stream)],
    ["deflate", deflateSync(stream)],
    ["br", brotliCompressSync(stream)],
    ["zstd", zstdCompressSync(stream)],
    ["identity", Buffer.from(stream)],
  ])("is read as %s, however its bytes are cut", async (encoding, body) => {
    expect(await answerTo(randomSplits(body, seededRandom(7)), sse(encoding))).toEqual(said);
  });

  test("is read whole, and when it is an error", async () => {
    const json = { "content-type": "application/json", "content-encoding": "gzip" };
    const refusal = gzipSync('{"error":{"message":"You exceeded your current quota"}}');

    expect(await answerTo([gzipSync(whole)], json)).toEqual(said);
    expect(await answerTo([refusal], json, { status: 429 })).toMatchObject({
      code: "model.payment_required",
    });
    expect(await answerTo([gzipSync('{"error":{"code":429}}')], json)).toMatchObject({
      code: "model.rate_limited",
    });
  });

  test("is handed on event by event", async () => {
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    const pieces = Promise.withResolvers<void>();
    await using server = await startLoopback(async (_request, response) => {
      response.writeHead(200, sse("gzip"));
      gzip.pipe(response);
      gzip.write(chunk("first"));
      await pieces.promise;
      gzip.end(ending);
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });
    const seen: string[] = [];
    for await (const batch of model.stream(hello, {
      tenant: "test",
      principal: { id: "tester", kind: "person", scopes: [] },
      traceId: "0".repeat(32),
      signal: new AbortController().signal,
    })) {
      seen.push(...batch.map(({ type }) => type));
      // The server goes on only when the first word was read.
      pieces.resolve();
    }

    expect(seen).toEqual(["text_delta", "finished"]);
  });

  test("is truncated wherever it is cut, even if it ends properly", async () => {
    for (const encode of [gzipSync, deflateSync]) {
      const body = encode(stream);
      const encoding = encode === gzipSync ? "gzip" : "deflate";
      for (let end = 1; end < body.length / 2; end += 5) {
        const error = await answerTo([body.subarray(0, end)], sse(encoding));

        expect(error).toMatchObject({ code: "model.truncated", class: "retryable" });
      }
    }
  });

  test("is not waited for when more follows its end", async () => {
    const rest = [Buffer.from("rest"), Buffer.from("rest")];

    expect(await answerTo([gzipSync(chunk("hi")), ...rest], sse("gzip"))).toMatchObject({
      code: "model.parse",
    });
    expect(await answerTo([deflateSync(chunk("hi")), ...rest], sse("deflate"))).toMatchObject({
      code: "model.truncated",
    });
    expect(await answerTo([brotliCompressSync(chunk("hi")), ...rest], sse("br"))).toMatchObject({
      code: expect.stringMatching(/model.(parse|truncated)/),
    });
    expect(await answerTo([deflateSync(stream), ...rest], sse("deflate"))).toEqual(said);
  });

  test("fails when it is not what it says, or nobody knows what it is", async () => {
    for (const encoding of ["gzip", "deflate", "br", "zstd", "compress", "gzip, br"]) {
      const error = await answerTo([Buffer.from(stream)], sse(encoding));

      expect(error).toMatchObject({ code: "model.parse", details: { reason: "ENCODING_BROKEN" } });
    }
  });

  test("may not grow above the limit", async () => {
    const bomb = gzipSync(`: ${"x".repeat(5_000_000)}\n\n${stream}`);

    expect(await answerTo([bomb], sse("gzip"), { maxResponseBytes: 1_000_000 })).toMatchObject({
      code: "model.too_large",
    });
    expect(await answerTo([bomb], sse("gzip"))).toEqual(said);
  });

  test("is cancelled like any other", async () => {
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    let closed = false;
    await using server = await startLoopback(async (request, response) => {
      request.socket.once("close", () => (closed = true));
      response.writeHead(200, sse("gzip"));
      gzip.pipe(response);
      gzip.write(chunk("first"));
    });
    const model = createOpenAiChat({ baseUrl: server.url, model: "any" });
    const controller = new AbortController();
    const reason = new Error("enough");
    const reading = readAll(
      { ...model, stream: (request, context) => abortAfterFirst(model.stream(request, context)) },
      hello,
      controller.signal,
    );
    async function* abortAfterFirst<Batch>(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
      for await (const batch of batches) {
        yield batch;
        controller.abort(reason);
      }
    }

    await expect(reading).rejects.toBe(reason);
    await expect.poll(() => closed).toBe(true);
  });
});
