import Anthropic from "@anthropic-ai/sdk";
import type { BetaMessage } from "@anthropic-ai/sdk/resources/beta/messages";
import { isJsonObject, parseJson } from "@tau/core";
import type { AssistantPart, JsonObject, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { startReplay } from "../replay.test.support.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { readAll } from "../testing/read-all.ts";
import { createAnthropic } from "./anthropic.ts";
import { createAnthropicBodyWriter } from "./request-body.ts";
import { AnthropicDecoder } from "./decoder.ts";
import { readAnthropicRecordings } from "./recordings.test.support.ts";
import type { AnthropicRecording } from "./recordings.test.support.ts";
import { plainOptions } from "./request.test.support.ts";

const recordings = readAnthropicRecordings();
/** Recorded to show a broken proxy: a second answer begins inside the first. */
const spliced = recordings.filter(({ name }) => /message-start/.test(name));
const answers = recordings.filter(
  ({ kind, name }) => kind !== "error" && kind !== "foreign" && !/message-start/.test(name),
);
const streams = answers.filter(({ kind }) => kind === "stream");

const reasons: Readonly<Record<string, string>> = {
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filtered",
  stop_sequence: "stop_sequence",
};

/** What the vendor's own library makes of the same bytes. */
async function sdkMessage({ body, kind }: AnthropicRecording): Promise<BetaMessage> {
  const type = kind === "stream" ? "text/event-stream" : "application/json";
  const client = new Anthropic({
    apiKey: "none",
    maxRetries: 0,
    fetch: async () => new Response(new Uint8Array(body), { headers: { "content-type": type } }),
  });
  const question = { model: "any", max_tokens: 1, messages: [{ role: "user", content: "hi" }] } as const;
  if (kind === "stream")
    return await client.beta.messages
      .stream({ ...question, messages: [...question.messages] })
      .finalMessage();
  return await client.beta.messages.create({ ...question, messages: [...question.messages] });
}

/** The library's message in Tau's words. */
function expectedOf(message: BetaMessage): unknown {
  const read = message.usage.cache_read_input_tokens ?? 0;
  const written = message.usage.cache_creation_input_tokens ?? 0;
  const parts = message.content.flatMap((block): unknown[] => {
    switch (block.type) {
      case "text":
        return block.text === ""
          ? []
          : [{ type: "text", text: block.text, sources: sourcesOf(block.citations ?? []) }];
      case "thinking":
        return [{ type: "thinking", text: block.thinking, signature: block.signature }];
      case "redacted_thinking":
        return [{ type: "thinking", text: "", redacted: block.data }];
      case "tool_use":
        return [{ type: "tool_call", id: block.id, name: block.name, arguments: block.input }];
      default:
        return [{ type: "provider_item", kind: block.type, block: plain(block) }];
    }
  });
  if (message.container) parts.push({ type: "provider_item", kind: "container", block: message.container });
  return {
    id: message.id,
    model: message.model,
    parts,
    reason: reasons[message.stop_reason ?? ""],
    stopDetails: message.stop_details ?? undefined,
    usage: {
      inputTokens: message.usage.input_tokens + read + written,
      outputTokens: message.usage.output_tokens,
      cacheReadTokens: read,
      cacheWriteTokens: written,
      reasoningTokens: message.usage.output_tokens_details?.thinking_tokens ?? 0,
    },
  };
}

/** Tau's answer with arguments parsed, as the library hands them out. */
function summaryOf(finished: ModelFinished): unknown {
  return {
    id: finished.responseId,
    model: finished.model,
    parts: finished.message.parts.map(partSummary),
    reason: finished.stopReason,
    stopDetails: finished.stopDetails,
    usage: finished.usage,
  };
}

function partSummary(part: AssistantPart): unknown {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, sources: part.citations ?? [] };
    case "tool_call": {
      const parsed = parseJson(part.arguments);
      const { providerData: _kept, ...call } = part;
      return { ...call, arguments: parsed.ok && isJsonObject(parsed.value) ? parsed.value : part.arguments };
    }
    case "provider_item":
      return { type: part.type, kind: part.kind, block: part.providerData.data };
    default:
      return part;
  }
}

function sourcesOf(citations: readonly object[]): unknown {
  return citations.map((citation) => {
    const { url, title, cited_text: quote } = Object(citation);
    // Nothing is no quotation.
    return { url, title, quote: quote === "" ? undefined : quote };
  });
}

/** The fields of a block, without what the library adds for itself. */
function plain(block: object): unknown {
  return JSON.parse(JSON.stringify(block));
}

describe("createAnthropic() on recorded answers", () => {
  test("has every recording at hand", () => {
    const count = (kind: AnthropicRecording["kind"]): number =>
      recordings.filter((recording) => recording.kind === kind).length;

    expect([count("stream"), count("whole"), count("error"), count("foreign")]).toEqual([94, 355, 2, 27]);
  });

  test("reads the same answer as the vendor's library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of answers) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any", transport });

      const { events, finished } = await readAll(model);

      expect.soft(summaryOf(finished), recording.name).toEqual(expectedOf(await sdkMessage(recording)));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      const texts = finished.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect.soft(said, recording.name).toBe(texts);
    }
  });

  test("sends back what it read, block by block", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    const write = createAnthropicBodyWriter(plainOptions);
    for (const recording of answers) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any", transport });
      const { finished } = await readAll(model);

      const body: unknown = JSON.parse(write({ messages: [finished.message], tools: [] }));

      const { content } = await sdkMessage(recording);
      expect
        .soft(Object(body).messages[0]?.content ?? [], recording.name)
        .toEqual(content.map((block) => sendable(plain(block))).filter((block) => block !== undefined));
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
    await using replay = await startReplay(
      recordings,
      // The white space that may follow a whole answer is none of it.
      (body) => body.toString().trimEnd().length,
    );
    for (const recording of answers) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any", transport });

      const code = recording.kind === "stream" ? "model.truncated" : "model.parse";
      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code });
    }
  });

  test("refuses two answers spliced together, as the vendor's library does", async () => {
    await using replay = await startReplay(recordings);
    for (const recording of spliced) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any" });

      await expect(readAll(model)).rejects.toMatchObject({ code: "model.parse" });
      await expect(sdkMessage(recording)).rejects.toThrow(/Unexpected event order/);
    }
  });

  test("refuses answers of another protocol", async () => {
    await using replay = await startReplay(recordings);
    for (const recording of recordings.filter(({ kind }) => kind === "foreign")) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any" });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.parse" });
    }
  });

  test("maps every recorded refusal to its code", async () => {
    await using replay = await startReplay(recordings);
    const codes: (string | undefined)[] = [];
    for (const recording of recordings.filter(({ kind }) => kind === "error")) {
      const model = createAnthropic({ baseUrl: replay.urlOf(recording), model: "any" });
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

/** A block as it goes back: nothing for empty text and unsigned thinking, and no fields that say nothing. */
function sendable(block: unknown): JsonObject | undefined {
  if (!isJsonObject(block)) return undefined;
  const { citations, caller, ...rest } = block;
  switch (block["type"]) {
    case "text": {
      if (typeof block["text"] !== "string" || block["text"].trim() === "") return undefined;
      return Array.isArray(citations) && citations.length > 0 ? block : rest;
    }
    case "thinking":
      return typeof block["signature"] === "string" && block["signature"] !== "" ? block : undefined;
    case "tool_use":
      return isJsonObject(caller) && caller["type"] === "direct" ? rest : block;
    default:
      return block;
  }
}
