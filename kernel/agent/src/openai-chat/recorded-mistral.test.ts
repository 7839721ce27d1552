import { HTTPClient, Mistral } from "@mistralai/mistralai";
import { isJsonObject, toolCallsOf } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { objectIn, objectsIn, textIn } from "../json-fields.ts";
import { readOpenAiRecordings, toJson } from "../openai-recordings.test.support.ts";
import type { OpenAiRecording } from "../openai-recordings.test.support.ts";
import { startReplay } from "../replay.test.support.ts";
import { readAll } from "../testing/read-all.ts";
import { createOpenAiChat } from "./openai-chat.ts";

const recordings = readOpenAiRecordings("chat.completions").filter(
  ({ provider, name }) => provider === "mistral" && !name.includes("transcription"),
);

/** What Mistral's own library makes of the same bytes; it does not add pieces up. */
async function fromSdk(recording: OpenAiRecording): Promise<unknown> {
  const answer = { id: "", model: "", text: "", thinking: "", reason: "", usage: {} };
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const event of await eventsOf(recording)) {
    const chunk = toJson(event);
    const choice = objectIn(objectsIn(chunk["choices"])[0]);
    const message = objectIn(choice["message"] ?? choice["delta"]);
    answer.id = textIn(chunk["id"]) ?? "";
    answer.model = textIn(chunk["model"]) ?? "";
    if (isJsonObject(chunk["usage"])) answer.usage = chunk["usage"];
    answer.reason = textIn(choice["finishReason"]) ?? answer.reason;
    const { content = null } = message;
    for (const part of typeof content === "string" ? [{ type: "text", text: content }] : objectsIn(content)) {
      if (part["type"] === "text") answer.text += textIn(part["text"]) ?? "";
      for (const { text } of objectsIn(part["thinking"])) answer.thinking += textIn(text) ?? "";
    }
    for (const call of objectsIn(message["toolCalls"])) {
      const details = objectIn(call["function"]);
      const given = details["arguments"] ?? "";
      const text = typeof given === "string" ? given : JSON.stringify(given);
      const last = calls.at(-1);
      // One that goes on has the id "null".
      if (call["id"] === "null" && last !== undefined) last.arguments += text;
      else calls.push({ id: textIn(call["id"]) ?? "", name: textIn(details["name"]) ?? "", arguments: text });
    }
  }
  const { usage, reason, ...said } = answer;
  return {
    ...said,
    calls,
    reason: reason === "stop" && calls.length > 0 ? "tool_calls" : reason,
    usage: [toJson(usage)["promptTokens"], toJson(usage)["completionTokens"]],
  };
}

async function eventsOf({ kind, body, contentType }: OpenAiRecording): Promise<readonly unknown[]> {
  const fetcher = async (): Promise<Response> =>
    new Response(new Uint8Array(body), { headers: { "content-type": contentType } });
  const client = new Mistral({ apiKey: "none", httpClient: new HTTPClient({ fetcher }) });
  const request = { model: "any", messages: [{ role: "user" as const, content: "hi" }] };
  if (kind === "whole") return [await client.chat.complete(request)];
  const events: unknown[] = [];
  for await (const { data } of await client.chat.stream(request)) events.push(data);
  return events;
}

describe("createOpenAiChat() on Mistral's recorded answers", () => {
  test("reads the same answer as Mistral's own library", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(recordings);
    for (const recording of recordings) {
      const model = createOpenAiChat({
        baseUrl: replay.urlOf(recording),
        provider: "mistral",
        model: "any",
        transport,
      });
      const { message, ...finished } = (await readAll(model)).finished;

      const joined = (type: "text" | "thinking"): string =>
        message.parts.map((part) => (part.type === type ? part.text : "")).join("");
      expect
        .soft(
          {
            id: finished.responseId,
            model: finished.model,
            text: joined("text"),
            thinking: joined("thinking"),
            calls: toolCallsOf(message).map(({ id, name, arguments: text }) => ({
              id,
              name,
              arguments: text,
            })),
            reason: finished.stopReason,
            usage: [finished.usage.inputTokens, finished.usage.outputTokens],
          },
          recording.name,
        )
        .toEqual(await fromSdk(recording));
    }

    expect(recordings).toHaveLength(87);
  });
});
