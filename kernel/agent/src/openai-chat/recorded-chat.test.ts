import { isJsonObject, toolCallsOf } from "@tau/core";
import type { Json, JsonObject, ModelFinished } from "@tau/core";
import type OpenAI from "openai";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { objectIn, objectsIn, textIn } from "../json-fields.ts";
import { readOpenAiRecordings, sdkReading, toJson } from "../openai-recordings.test.support.ts";
import type { OpenAiRecording } from "../openai-recordings.test.support.ts";
import { startReplay } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { OpenAiChatDecoder } from "./decoder.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { createOpenAiChat } from "./openai-chat.ts";
import { dialectOf, findProvider } from "./providers.ts";

const recordings = readOpenAiRecordings("chat.completions");

/** The names that the recordings have for providers. */
const providers: Readonly<Record<string, string>> = {
  "api.z.ai": "zai",
  bedrock: "bedrock-mantle",
  moonshotai: "moonshot",
  vllm_local: "vllm",
};

/** Recorded with the status 200, or with none, but not an answer: errors, other protocols, nothing at all. */
const noAnswer = new RegExp(
  [
    /test_prompt_content_filtering\.yaml 0|tool_use_failed_error_streaming(_with_text)?\.yaml 0/,
    /openrouter_stream_error|legacy-parameter-error|transcription|-embedding/,
    /openai: test_(agent|instrumentor|llm_with_tools)\.yaml 1$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);
/** Recorded without its end marker. */
const endless = /anthropic-fallback-tool-call\.sse/;
const answers = recordings.filter(({ kind, name }) => kind !== "error" && !noAnswer.test(name));
const streams = answers.filter(({ kind }) => kind === "stream");

function dialectFor(recording: OpenAiRecording): OpenAiChatDialect {
  const dialect = dialectOf(findProvider(providerOf(recording)));
  return endless.test(recording.name) ? { ...dialect, doneMarker: false } : dialect;
}

function providerOf({ provider }: OpenAiRecording): string {
  return providers[provider] ?? provider;
}

/** An answer as the library delivers it: whole, or the sum of its chunks. */
interface SdkAnswer {
  readonly id: string;
  readonly model: string;
  readonly message: JsonObject;
  readonly reason: string;
  readonly usage: JsonObject;
}

async function fromSdk(recording: OpenAiRecording): Promise<SdkAnswer> {
  const client = sdkReading(recording);
  if (recording.kind === "stream") return await foldOf(client);
  const whole = toJson(await client.chat.completions.create({ model: "any", messages: [] }));
  const choice = objectsIn(whole["choices"]).find(({ index }) => index === 0);
  return {
    id: textIn(whole["id"]) ?? "",
    model: textIn(whole["model"]) ?? "",
    message: objectIn(choice?.["message"]),
    reason: textIn(choice?.["finish_reason"]) ?? "",
    usage: objectIn(whole["usage"]),
  };
}

/** The chunks as the library delivers them, added up; its own sum refuses what many servers send. */
async function foldOf(client: OpenAI): Promise<SdkAnswer> {
  const calls: { id: string; name: string; text: string }[] = [];
  const answer = { id: "", model: "", reason: "", usage: {} };
  const message = { content: "", refusal: "", reasoning_content: "" };
  const stream = await client.chat.completions.create({ model: "any", messages: [], stream: true });
  for await (const event of stream) {
    const chunk = toJson(event);
    answer.id = textIn(chunk["id"]) ?? answer.id;
    answer.model = textIn(chunk["model"]) ?? answer.model;
    const usage = chunk["usage"] ?? objectIn(chunk["x_groq"])["usage"];
    if (isJsonObject(usage)) answer.usage = usage;
    const choice = objectsIn(chunk["choices"]).find(({ index }) => index === 0);
    const delta = objectIn(choice?.["delta"]);
    answer.reason = textIn(choice?.["finish_reason"]) ?? answer.reason;
    for (const { isThinking, text } of partsOf(delta["content"])) {
      if (isThinking) message.reasoning_content += text;
      else message.content += text;
    }
    message.refusal += textIn(delta["refusal"]) ?? "";
    message.reasoning_content += thinkingOf(delta);
    for (const call of objectsIn(delta["tool_calls"])) {
      const place = typeof call["index"] === "number" ? call["index"] : calls.length;
      const known = (calls[place] ??= { id: "", name: "", text: "" });
      const details = objectIn(call["function"]);
      known.id ||= textIn(call["id"]) ?? "";
      known.name ||= textIn(details["name"]) ?? "";
      known.text += textIn(details["arguments"]) ?? "";
    }
  }
  // Places without a call: a server may count its blocks, not its calls.
  const tool_calls = calls
    .filter((call) => call !== undefined)
    .map(({ id, name, text }) => ({ id, function: { name, arguments: text } }));
  return { ...answer, message: { ...message, tool_calls } };
}

/** Mistral has a list where others have a string. */
function partsOf(
  content: Json | undefined,
): readonly { readonly isThinking: boolean; readonly text: string }[] {
  if (typeof content === "string") return [{ isThinking: false, text: content }];
  return objectsIn(content).map((part) => {
    const isThinking = part["type"] === "thinking";
    const texts = isThinking ? objectsIn(part["thinking"]) : [part];
    return { isThinking, text: texts.map(({ text }) => textIn(text) ?? "").join("") };
  });
}

/** Thinking has no place in the library's types; it is delivered as it came. */
function thinkingOf(message: JsonObject): string {
  const inDetails = objectsIn(message["reasoning_details"])
    .map(({ text, summary }) => `${textIn(text) ?? ""}${textIn(summary) ?? ""}`)
    .join("");
  return textIn(message["reasoning_content"]) ?? textIn(message["reasoning"]) ?? inDetails;
}

/** What Tau makes of it: the differences that the README argues are in here. */
function expectedOf({ id, model, message, reason, usage }: SdkAnswer): unknown {
  const legacy = objectIn(message["function_call"]);
  const listed = objectsIn(message["tool_calls"]);
  const calls = listed.length === 0 && textIn(legacy["name"]) ? [{ function: legacy }] : listed;
  const parts = partsOf(message["content"]);
  const refusal = textIn(message["refusal"]) ?? "";
  const joined = (thinking: boolean): string =>
    parts.map(({ isThinking, text }) => (isThinking === thinking ? text : "")).join("");
  const said = refusal === "" ? (reasons[reason] ?? "stop") : "content_filtered";
  return {
    id,
    model: model === "" ? "any" : model,
    text: joined(false) + refusal,
    thinking: joined(true) + thinkingOf(message),
    calls: calls.map((call: JsonObject, index) => {
      const details = objectIn(call["function"]);
      return [
        textIn(call["id"]) ?? `call_${index}`,
        textIn(details["name"]),
        textIn(details["arguments"]) ?? "{}",
      ];
    }),
    reason: calls.length > 0 ? "tool_calls" : said,
    usage: expectedUsage(usage),
  };
}

function expectedUsage(usage: JsonObject): unknown {
  const count = (value: Json | undefined): number => (typeof value === "number" ? value : 0);
  const [inputTokens, output] = [count(usage["prompt_tokens"]), count(usage["completion_tokens"])];
  const prompt = objectIn(usage["prompt_tokens_details"]);
  const reasoningTokens = count(objectIn(usage["completion_tokens_details"])["reasoning_tokens"]);
  const isBeside = usage["total_tokens"] === inputTokens + output + reasoningTokens;
  return {
    inputTokens,
    outputTokens: output + (isBeside ? reasoningTokens : 0),
    cacheReadTokens: count(
      prompt["cached_tokens"] ??
        usage["prompt_cache_hit_tokens"] ??
        usage["cached_tokens"] ??
        usage["num_cached_tokens"],
    ),
    cacheWriteTokens: count(prompt["cache_write_tokens"]),
    reasoningTokens,
  };
}

const reasons: Readonly<Record<string, string>> = { length: "length", content_filter: "content_filtered" };

function ourSummary({ message, ...finished }: ModelFinished): unknown {
  const joined = (type: "text" | "thinking"): string =>
    message.parts.map((part) => (part.type === type ? part.text : "")).join("");
  return {
    id: finished.responseId ?? "",
    model: finished.model,
    text: joined("text"),
    thinking: joined("thinking"),
    calls: toolCallsOf(message).map((call) => [call.id, call.name, call.arguments]),
    reason: finished.stopReason,
    usage: finished.usage,
  };
}

describe("createOpenAiChat() on recorded answers of everybody who speaks the protocol", () => {
  test("has every recording at hand", () => {
    const count = (kind: OpenAiRecording["kind"]): number =>
      recordings.filter((recording) => recording.kind === kind).length;

    expect([count("stream"), count("whole"), count("error")]).toEqual([202, 804, 24]);
    expect(new Set(recordings.map(({ provider }) => provider)).size).toBe(25);
    expect(recordings.length - answers.length - count("error")).toBe(12);
  });

  test("reads the same answer as the vendor's library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of answers) {
      const model = createOpenAiChat({
        baseUrl: replay.urlOf(recording),
        model: "any",
        provider: providerOf(recording),
        dialect: dialectFor(recording),
        transport,
      });

      const { events, finished } = await readAll(model);

      expect.soft(ourSummary(finished), recording.name).toEqual(expectedOf(await fromSdk(recording)));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      const texts = finished.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect.soft(said, recording.name).toBe(texts);
    }
  });

  test("adds streams of OpenAI up as the library itself does", async () => {
    for (const recording of streams.filter(({ provider }) => provider === "openai")) {
      const sum = await sdkReading(recording)
        .chat.completions.stream({ model: "any", messages: [] })
        .finalChatCompletion();
      const choice = sum.choices.find(({ index }) => index === 0);
      const folded = await fromSdk(recording);

      expect
        .soft([folded.id, folded.model, folded.reason], recording.name)
        .toEqual([sum.id, sum.model, choice?.finish_reason]);
      expect.soft(folded.message["content"], recording.name).toBe(choice?.message.content ?? "");
      const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === "function");
      expect
        .soft(
          objectsIn(folded.message["tool_calls"]).map((call) => [
            call["id"],
            objectIn(call["function"])["name"],
            objectIn(call["function"])["arguments"],
          ]),
          recording.name,
        )
        .toEqual(calls.map((call) => [call.id, call.function.name, call.function.arguments]));
    }
  });

  test("is complete with the last byte and not one byte earlier", () => {
    for (const recording of streams) {
      const { name, body } = recording;
      const identity = { provider: providerOf(recording), model: "any" };
      const dialect = dialectFor(recording);
      const decoder = new OpenAiChatDecoder({ identity, dialect, toError: (text) => new Error(text) });
      const parser = new SseParser(decoder, 1_000_000);
      for (let at = 0; at < body.length - 1; at++) parser.push([body.subarray(at, at + 1)]);
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(-1)]);
      decoder.end();

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(streams, ({ length }) => length);
    for (const recording of streams) {
      const provider = providerOf(recording);
      const model = createOpenAiChat({
        baseUrl: replay.urlOf(recording),
        model: "any",
        provider,
        transport,
      });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("maps every recorded refusal to its code, as an answer, in an answer and in a stream", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    const codes: Record<string, number> = {};
    for (const recording of recordings.filter((one) => !answers.includes(one))) {
      const model = createOpenAiChat({ baseUrl: replay.urlOf(recording), model: "any", transport });
      const error: unknown = await readAll(model).catch((thrown: unknown) => thrown);
      const code = String(Object(error).code);
      codes[code] = (codes[code] ?? 0) + 1;
    }

    expect(codes).toEqual({
      "model.auth": 3,
      "model.content_filtered": 1,
      "model.invalid_request": 18,
      "model.not_found": 6,
      "model.parse": 7,
      "model.rate_limited": 1,
    });
  });
});
