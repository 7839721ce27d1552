import Anthropic from "@anthropic-ai/sdk";
import { isJsonObject, parseJson } from "@tau/core";
import type { Part } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { readAll, readRecordings, randomSplits, seededRandom } from "../recorded.test.support.ts";
import type { Recording } from "../recorded.test.support.ts";
import { sendPieces, startLoopback } from "../replay-server.test.support.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { createAnthropic } from "./anthropic.ts";
import { AnthropicDecoder } from "./decoder.ts";

const recordings = readRecordings("anthropic.messages");
/** Recorded to show a broken proxy: a second answer begins inside the first. */
const spliced = recordings.filter(({ name }) => /message-start/.test(name));
const streams = recordings.filter(({ kind, name }) => kind === "stream" && !/message-start/.test(name));
const errors = recordings.filter(({ kind }) => kind === "error");

const reasons: Readonly<Record<string, string>> = {
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filtered",
};

/** What the vendor's own library makes of the same bytes, without the blocks of tools that ran at the provider. */
async function fromSdk({ body }: Recording): Promise<unknown> {
  const client = new Anthropic({
    apiKey: "none",
    maxRetries: 0,
    fetch: async () =>
      new Response(new Uint8Array(body), { headers: { "content-type": "text/event-stream" } }),
  });
  const message = await client.messages
    .stream({ model: "any", max_tokens: 1, messages: [{ role: "user", content: "hi" }] })
    .finalMessage();
  const read = message.usage.cache_read_input_tokens ?? 0;
  const written = message.usage.cache_creation_input_tokens ?? 0;
  return {
    id: message.id,
    model: message.model,
    parts: message.content.flatMap((block): unknown[] => {
      if (block.type === "text") return block.text === "" ? [] : [{ type: "text", text: block.text }];
      if (block.type === "thinking") {
        return [{ type: "thinking", text: block.thinking, signature: block.signature }];
      }
      if (block.type === "redacted_thinking") return [{ type: "thinking", text: "", redacted: block.data }];
      if (block.type !== "tool_use") return [];
      return [{ type: "tool_call", id: block.id, name: block.name, arguments: block.input }];
    }),
    reason: reasons[message.stop_reason ?? ""],
    usage: {
      inputTokens: message.usage.input_tokens + read + written,
      outputTokens: message.usage.output_tokens,
      cacheReadTokens: read,
      cacheWriteTokens: written,
      reasoningTokens: message.usage.output_tokens_details?.thinking_tokens ?? 0,
    },
  };
}

/** The library hands out parsed arguments; Tau keeps the text. */
function withParsedArguments(part: Part): unknown {
  if (part.type !== "tool_call") return part;
  const parsed = parseJson(part.arguments);
  return { ...part, arguments: parsed.ok && isJsonObject(parsed.value) ? parsed.value : part.arguments };
}

describe("createAnthropic() on recorded streams", () => {
  test("has every recorded stream and error at hand", () => {
    expect([streams.length, spliced.length, errors.length]).toEqual([92, 2, 2]);
  });

  test("reads the same answer as the vendor's library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using server = await startLoopback(async (request, response) => {
      const index = Number(request.url?.split("/")[1]);
      const pieces = randomSplits(streams[index]?.body ?? Buffer.alloc(0), seededRandom(index));
      await sendPieces(response, pieces);
    });
    for (const [index, recording] of streams.entries()) {
      const model = createAnthropic({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      const { events, finished } = await readAll(model);

      const { message } = finished;
      expect
        .soft(
          {
            id: finished.responseId,
            model: finished.model,
            parts: message.parts.map(withParsedArguments),
            reason: finished.stopReason,
            usage: finished.usage,
          },
          recording.name,
        )
        .toEqual(await fromSdk(recording));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      const texts = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect.soft(said, recording.name).toBe(texts);
    }
  });

  test("is complete with the last byte and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = new AnthropicDecoder(
        { provider: "anthropic", model: "any" },
        (text) => new Error(text),
      );
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
      const model = createAnthropic({ baseUrl: `${server.url}/${index}`, model: "any", transport });

      await expect.soft(readAll(model), name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("refuses two answers spliced together, as the vendor's library does", async () => {
    await using server = await startLoopback(async (request, response) => {
      const recording = spliced[Number(request.url?.split("/")[1])];
      await sendPieces(response, [recording?.body ?? Buffer.alloc(0)]);
    });
    for (const [index, recording] of spliced.entries()) {
      const model = createAnthropic({ baseUrl: `${server.url}/${index}`, model: "any" });

      await expect(readAll(model)).rejects.toMatchObject({ code: "model.parse" });
      await expect(fromSdk(recording)).rejects.toThrow(/Unexpected event order/);
    }
  });

  test("maps every recorded refusal to its code", async () => {
    await using server = await startLoopback((request, response) => {
      const recording = errors[Number(request.url?.split("/")[1])];
      response.writeHead(recording?.status ?? 500, { "content-type": "application/json" });
      response.end(recording?.body);
    });
    const codes: (string | undefined)[] = [];
    for (const index of errors.keys()) {
      const model = createAnthropic({ baseUrl: `${server.url}/${index}`, model: "any" });
      codes.push(
        await readAll(model).then(
          () => undefined,
          (error) => error.code,
        ),
      );
    }

    expect(new Set(codes)).toEqual(new Set(["model.invalid_request", "model.not_found"]));
  });
});
