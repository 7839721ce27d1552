import { isJsonObject, toolCallsOf } from "@tau/core";
import type { Json, JsonObject, ModelFinished } from "@tau/core";
import { CohereClientV2 } from "cohere-ai";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { objectIn, objectsIn, textIn } from "../json-fields.ts";
import { readOpenAiRecordings, toJson } from "../openai-recordings.test.support.ts";
import type { OpenAiRecording } from "../openai-recordings.test.support.ts";
import { startReplay } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { createCohere } from "./cohere.ts";
import { CohereDecoder } from "./decoder.ts";

const recordings = readOpenAiRecordings("cohere.chat");
const answers = recordings.filter(({ name }) => !name.includes("embedding"));
const streams = answers.filter(({ kind }) => kind === "stream");

interface Sum {
  id: string;
  plan: string;
  thinking: string;
  text: string;
  reason: string;
  usage: JsonObject;
  readonly citations: JsonObject[];
  readonly calls: { id: string; name: string; text: string }[];
}

/** What Cohere's own library makes of the same bytes; it does not add pieces up. */
async function fromSdk(url: string, { kind }: OpenAiRecording): Promise<Sum> {
  const client = new CohereClientV2({ token: "none", environment: url, maxRetries: 0 });
  const request = { model: "any", messages: [{ role: "user" as const, content: "hi" }] };
  const sum: Sum = {
    id: "",
    plan: "",
    thinking: "",
    text: "",
    reason: "",
    usage: {},
    citations: [],
    calls: [],
  };
  if (kind === "whole") {
    const whole = toJson(await client.chat(request));
    const message = objectIn(whole["message"]);
    addMessage(sum, message);
    for (const content of objectsIn(message["content"])) addMessage(sum, { content });
    for (const toolCalls of objectsIn(message["toolCalls"])) addMessage(sum, { toolCalls }, true);
    for (const citations of objectsIn(message["citations"])) addMessage(sum, { citations });
    addEnd(sum, whole);
    return sum;
  }
  for await (const event of await client.chatStream(request)) {
    const json = toJson(event);
    const delta = objectIn(json["delta"]);
    if (json["type"] === "message-end") addEnd(sum, delta);
    else addMessage(sum, objectIn(delta["message"]), json["type"] === "tool-call-start");
    sum.id = textIn(json["id"]) ?? sum.id;
  }
  return sum;
}

function addMessage(sum: Sum, message: JsonObject, beginsCall = false): void {
  const content = objectIn(message["content"]);
  sum.plan += textIn(message["toolPlan"]) ?? "";
  sum.thinking += textIn(content["thinking"]) ?? "";
  sum.text += textIn(content["text"]) ?? "";
  if (isJsonObject(message["citations"])) sum.citations.push(message["citations"]);
  const call = message["toolCalls"];
  if (!isJsonObject(call)) return;
  if (beginsCall) sum.calls.push({ id: textIn(call["id"]) ?? "", name: "", text: "" });
  const last = sum.calls.at(-1);
  if (last === undefined) return;
  last.name += textIn(objectIn(call["function"])["name"]) ?? "";
  last.text += textIn(objectIn(call["function"])["arguments"]) ?? "";
}

function addEnd(sum: Sum, end: JsonObject): void {
  sum.id = textIn(end["id"]) ?? sum.id;
  sum.reason = textIn(end["finishReason"]) ?? "";
  sum.usage = objectIn(end["usage"]);
}

const reasons: Readonly<Record<string, string>> = {
  COMPLETE: "stop",
  STOP_SEQUENCE: "stop_sequence",
  MAX_TOKENS: "length",
  TOOL_CALL: "tool_calls",
};

function expectedOf(sum: Sum): unknown {
  const count = (value: Json | undefined): number => (typeof value === "number" ? value : 0);
  const tokens = objectIn(sum.usage["tokens"]);
  return {
    id: sum.id,
    thinking: sum.plan + sum.thinking,
    text: sum.text,
    citations: sum.citations.flatMap(({ start, end, sources }) => objectsIn(sources).map(() => [start, end])),
    calls: sum.calls.map(({ id, name, text }) => [id, name, text === "" || text === "null" ? "{}" : text]),
    reason: reasons[sum.reason],
    usage: [count(tokens["inputTokens"]), count(tokens["outputTokens"]), count(sum.usage["cachedTokens"])],
  };
}

function ourSummary({ message, usage, ...finished }: ModelFinished): unknown {
  const joined = (type: "text" | "thinking"): string =>
    message.parts.map((part) => (part.type === type ? part.text : "")).join("");
  return {
    id: finished.responseId ?? "",
    thinking: joined("thinking"),
    text: joined("text"),
    citations: message.parts.flatMap((part) =>
      part.type === "text" ? (part.citations ?? []).map(({ start, end }) => [start, end]) : [],
    ),
    calls: toolCallsOf(message).map(({ id, name, arguments: text }) => [id, name, text]),
    reason: finished.stopReason,
    usage: [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens],
  };
}

describe("createCohere() on recorded answers", () => {
  test("reads the same answer as Cohere's own library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of answers) {
      const url = replay.urlOf(recording);
      const { events, finished } = await readAll(
        createCohere({ baseUrl: `${url}/v2`, model: "any", transport }),
      );

      expect.soft(ourSummary(finished), recording.name).toEqual(expectedOf(await fromSdk(url, recording)));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      const texts = finished.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect.soft(said, recording.name).toBe(texts);
    }

    expect([answers.length, streams.length]).toEqual([41, 14]);
  });

  test("is complete with the end of its last event and not one byte earlier", () => {
    for (const { name, body } of streams) {
      const decoder = new CohereDecoder({ provider: "cohere", model: "any" }, (text) => new Error(text));
      const parser = new SseParser(decoder, 1_000_000);
      const end = body.indexOf("\n\n", body.indexOf('"type":"message-end"')) + 2;
      for (let at = 0; at < end - 1; at++) parser.push([body.subarray(at, at + 1)]);
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(end - 1, end)]);

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(streams, (body) => body.indexOf('"type":"message-end"'));
    for (const recording of streams) {
      const model = createCohere({ baseUrl: replay.urlOf(recording), model: "any", transport });

      await expect.soft(readAll(model), recording.name).rejects.toMatchObject({ code: "model.truncated" });
    }
  });

  test("refuses what was recorded of another protocol", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of recordings.filter((one) => !answers.includes(one))) {
      const model = createCohere({ baseUrl: replay.urlOf(recording), model: "any", transport });

      await expect(readAll(model)).rejects.toMatchObject({ code: "model.parse" });
    }
  });
});
