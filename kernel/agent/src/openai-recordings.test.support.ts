import type { Json, JsonObject } from "@tau/core";
import OpenAI from "openai";

import { parseObject, readFixture } from "./fixture.test.support.ts";
import type { Recording } from "./replay.test.support.ts";

/** A recorded answer in one of OpenAI's protocols, of OpenAI or of anybody who speaks it; or in Cohere's. */
export interface OpenAiRecording extends Recording {
  /** Whose answer it is, for example `groq`. */
  readonly provider: string;
  readonly kind: "stream" | "whole" | "error";
}

/** Reads `fixtures/<api>.ndjson.gz`; answers recorded without their framing get it back. */
export function readOpenAiRecordings(
  api: "chat.completions" | "responses" | "cohere.chat",
): readonly OpenAiRecording[] {
  return readFixture(api).map((record) => {
    const kind = record["kind"] === "stream" ? "stream" : record["kind"] === "error" ? "error" : "whole";
    const text = textOf(record["response"]);
    const provider = textOf(record["provider"]);
    const framed = record["format"] === "chunk-lines" ? frame(api, text) : text;
    return {
      provider,
      name: `${provider}: ${textOf(record["path"]).split("/").at(-1)} ${textOf(record["i"])}`,
      kind,
      status: Number(record["status"]),
      contentType: kind === "stream" ? "text/event-stream; charset=utf-8" : "application/json",
      body: Buffer.from(framed),
    };
  });
}

/** The vendor's library, reading this recording whatever it asks for. */
export function sdkReading({ body, contentType, status }: OpenAiRecording): OpenAI {
  return new OpenAI({
    apiKey: "none",
    maxRetries: 0,
    fetch: async () =>
      new Response(new Uint8Array(body), { status, headers: { "content-type": contentType } }),
  });
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a library delivered, as plain JSON: it may hold more than the library's types say. */
export function toJson(value: unknown): JsonObject {
  return parseObject(JSON.stringify(value));
}

function frame(api: string, text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const ending = api === "chat.completions" ? ["[DONE]"] : [];
  return [...lines, ...ending].map((line) => `data: ${line}\n\n`).join("");
}
