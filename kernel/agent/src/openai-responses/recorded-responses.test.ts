import { isJsonObject, toolCallsOf } from "@tau/core";
import type { JsonObject, ModelFinished } from "@tau/core";
import type { Response as OpenAiResponse } from "openai/resources/responses/responses";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { readOpenAiRecordings, sdkReading } from "../openai-recordings.test.support.ts";
import type { OpenAiRecording } from "../openai-recordings.test.support.ts";
import { startReplay } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { ResponsesDecoder } from "./decoder.ts";
import { toInputItems } from "./input-item.ts";
import { createOpenAiResponses } from "./openai-responses.ts";
import { thinkingOf } from "./output-item.ts";

const recordings = readOpenAiRecordings("responses");

/** Recorded among the responses, but answers of other protocols, or not of a finished response. */
const foreign = /azure-deepseek-reasoning\.1\.json|count_tokens|usage_limit_exceeded/;
const unfinished = /test_background_mode/;
const failed = /openai-error\.1|reasoning-model-temperature-error/;
/** Shortened by hand: not all of the text that the last event holds was streamed. */
const shortened = /openai-phase|openai-shell-container/;
/** A line of it was broken by hand. */
const broken = /parallel-tool-call-wrapper\.1\.chunks/;

const answers = recordings.filter(
  ({ kind, name }) => kind !== "error" && ![foreign, failed, broken].some((pattern) => pattern.test(name)),
);
const streams = answers.filter(({ kind }) => kind === "stream");

/** The response as the vendor's library delivers it: of a stream the one in its last event. */
async function sdkResponse(recording: OpenAiRecording): Promise<OpenAiResponse> {
  const client = sdkReading(recording);
  if (recording.kind === "whole") return await client.responses.create({ model: "any", input: "hi" });
  let last: OpenAiResponse | undefined;
  for await (const event of await client.responses.create({ model: "any", input: "hi", stream: true })) {
    if (!("response" in event)) continue;
    last = event.response;
    // Some recordings hold the next answer too.
    if (event.type === "response.completed") break;
  }
  if (last === undefined) throw new Error("The library read no response.");
  return last;
}

/** Items without what the library adds and without the odds of words, which are asked for only on purpose. */
function plainItems(items: unknown): JsonObject[] {
  const plain: unknown = JSON.parse(
    JSON.stringify(items, (name, value: unknown) =>
      ["parsed", "parsed_arguments", "logprobs"].includes(name) ? undefined : value,
    ),
  );
  return Array.isArray(plain) ? plain.filter(isJsonObject) : [];
}

function texts(items: readonly JsonObject[]): string {
  const contents = items.flatMap((item) => (item["type"] === "message" ? Object(item["content"]) : []));
  return contents.map((content: unknown) => Object(content).text ?? Object(content).refusal ?? "").join("");
}

function summaryOf(response: OpenAiResponse): unknown {
  const items = plainItems(response.output);
  const calls = items.filter(({ type }) => type === "function_call" || type === "custom_tool_call");
  return {
    id: response.id,
    model: response.model,
    text: texts(items),
    calls: calls.map((call) => [
      call["call_id"],
      call["name"],
      call["arguments"] ?? { input: call["input"] },
    ]),
    thinking: items.filter(({ type }) => type === "reasoning").map(thinkingOf),
    reason: calls.length > 0 ? "tool_calls" : "stop",
    usage: {
      inputTokens: response.usage?.input_tokens ?? 0,
      outputTokens: response.usage?.output_tokens ?? 0,
      cacheReadTokens: response.usage?.input_tokens_details?.cached_tokens ?? 0,
      cacheWriteTokens: response.usage?.input_tokens_details?.cache_write_tokens ?? 0,
      reasoningTokens: response.usage?.output_tokens_details?.reasoning_tokens ?? 0,
    },
  };
}

function ourSummary({ message, ...finished }: ModelFinished): unknown {
  return {
    id: finished.responseId,
    model: finished.model,
    text: message.parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
    calls: toolCallsOf(message).map((call) => {
      const custom = Object(call.providerData?.data["item"]).type === "custom_tool_call";
      return [call.id, call.name, custom ? JSON.parse(call.arguments) : call.arguments];
    }),
    thinking: message.parts.flatMap((part) => (part.type === "thinking" ? [part.text] : [])),
    reason: finished.stopReason,
    usage: finished.usage,
  };
}

describe("createOpenAiResponses() on recorded answers", () => {
  test("has every recording at hand", () => {
    const count = (kind: OpenAiRecording["kind"]): number =>
      recordings.filter((recording) => recording.kind === kind).length;

    expect([count("stream"), count("whole"), count("error")]).toEqual([121, 397, 9]);
    expect(answers.length).toBe(121 + 397 - 8);
  });

  test("reads the same answer as the vendor's library, and would send the same items back", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    let refused = 0;
    for (const recording of answers) {
      const { provider } = recording;
      const model = createOpenAiResponses({
        baseUrl: replay.urlOf(recording),
        model: "any",
        provider,
        transport,
      });
      const expected = await sdkResponse(recording);
      if (expected.status === "queued" || expected.status === "in_progress") {
        expect(recording.name).toMatch(unfinished);
        await expect(readAll(model)).rejects.toMatchObject({ code: "model.truncated", class: "permanent" });
        refused++;
        continue;
      }

      const { events, finished } = await readAll(model);

      expect.soft(ourSummary(finished), recording.name).toEqual(summaryOf(expected));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      if (!shortened.test(recording.name))
        expect.soft(said, recording.name).toBe(texts(plainItems(expected.output)));
      const items = plainItems(expected.output);
      while (items.at(-1)?.["type"] === "reasoning") items.pop();
      expect
        .soft(
          plainItems(toInputItems(finished.message, undefined, { provider, model: "any" })),
          recording.name,
        )
        .toEqual(items);
    }

    expect(refused).toBe(8);
  });

  test("is complete with the end of its last event and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = createDecoder();
      const parser = new SseParser(decoder, 10_000_000);
      const end = lengthOfAnswer(body);
      for (let at = 0; at < end - 1; at++) parser.push([body.subarray(at, at + 1)]);
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(end - 1, end)]);

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(streams, lengthOfAnswer);
    for (const recording of streams) {
      const model = createOpenAiResponses({ baseUrl: replay.urlOf(recording), model: "any", transport });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("maps every recorded refusal to its code, as an answer, in an answer and in a stream", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    const refusals = recordings.filter(
      (recording) => recording.kind === "error" || !answers.includes(recording),
    );
    const codes: Record<string, string[]> = {};
    for (const recording of refusals) {
      const model = createOpenAiResponses({ baseUrl: replay.urlOf(recording), model: "any", transport });
      const error: unknown = await readAll(model).catch((thrown: unknown) => thrown);
      (codes[String(Object(error).code)] ??= []).push(recording.name);
    }

    expect(Object.fromEntries(Object.entries(codes).map(([code, names]) => [code, names.length]))).toEqual({
      "model.invalid_request": 8,
      "model.not_found": 2,
      "model.parse": 5,
      "model.payment_required": 2,
    });
    expect(codes["model.payment_required"]?.every((name) => name.includes("openai-error"))).toBe(true);
  });
});

function createDecoder(): ResponsesDecoder {
  return new ResponsesDecoder({ provider: "openai", model: "any" }, (body) => new Error(body));
}

/** Bytes up to the end of the event that ends the answer; some recordings hold the next answer too. */
function lengthOfAnswer(body: Buffer): number {
  const end = /"type": ?"response\.completed"/.exec(body.toString("latin1"))?.index;
  const gap = body.indexOf("\n\n", end);
  return gap === -1 ? body.length : gap + 2;
}
