import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { isJsonObject, parseJson } from "@tau/core";
import type { CallContext, Json, JsonObject, ModelEvent, ModelFinished } from "@tau/core";

import type { Model, ModelRequest } from "./model.ts";

/** A recorded answer of a provider. */
export interface Recording {
  readonly name: string;
  /** `foreign`: recorded at a place of the same name, and of another protocol. */
  readonly kind: "stream" | "whole" | "error" | "foreign";
  readonly status: number;
  readonly body: Buffer;
}

/** Reads the streams and errors of one provider; answers recorded without their framing get it back. */
export function readRecordings(api: "openai.chat.completions" | "anthropic.messages"): readonly Recording[] {
  const file = api === "openai.chat.completions" ? "chat.completions" : api;
  const packed = readFileSync(new URL(`../fixtures/${file}.ndjson.gz`, import.meta.url));
  const lines = gunzipSync(packed).toString("utf8").trimEnd().split("\n");
  return lines.flatMap((line) => {
    const record = parseObject(line);
    // The file of OpenAI's protocol holds everybody who speaks it; its whole answers have a test of their own.
    const { provider = "anthropic", kind } = record;
    if (provider !== "anthropic" && (provider !== "openai" || kind === "whole")) return [];
    const base = {
      name: `${textOf(record["repo"])} ${textOf(record["path"]).split("/").at(-1)} ${textOf(record["i"])}`,
      kind: kindOf(record),
      status: typeof record["status"] === "number" ? record["status"] : 200,
    } as const;
    const text = textOf(record["response"]);
    if (record["format"] !== "chunk-lines") return [{ ...base, body: Buffer.from(text) }];
    return frame(api, text).map((body, part) => ({ ...base, name: `${base.name} part ${part}`, body }));
  });
}

function kindOf({ kind }: JsonObject): Recording["kind"] {
  if (kind === "stream" || kind === "whole" || kind === "error" || kind === "foreign") return kind;
  throw new Error(`unknown kind of recording: ${textOf(kind)}`);
}

/** Several answers may follow each other in one file of Anthropic events. */
function frame(api: string, text: string): readonly Buffer[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (api === "openai.chat.completions") {
    return [Buffer.from([...lines, "[DONE]"].map((line) => `data: ${line}\n\n`).join(""))];
  }
  const answers: string[] = [""];
  for (const line of lines) {
    const type = textOf(parseObject(line)["type"]);
    answers.push(`${answers.pop() ?? ""}event: ${type}\ndata: ${line}\n\n`);
    if (type === "message_stop") answers.push("");
  }
  return answers.filter((answer) => answer !== "").map((answer) => Buffer.from(answer));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function parseObject(line: string): JsonObject {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`not an object: ${line.slice(0, 80)}`);
  return parsed.value;
}

/** A small random number generator with a seed (mulberry32): tests must fail the same way twice. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Cuts bytes into pieces of random sizes, some of them a single byte. */
export function randomSplits(bytes: Buffer, random: (below: number) => number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const size = 1 + random([2, 40, 700, 9000][random(4)] ?? 1);
    pieces.push(bytes.subarray(start, start + size));
    start += size;
  }
  return pieces;
}

/** A context that nobody aborts unless a signal is given. */
export function contextOf(signal: AbortSignal = new AbortController().signal): CallContext {
  return {
    tenant: "test",
    principal: { id: "tester", kind: "person", scopes: [] },
    traceId: "0".repeat(32),
    signal,
  };
}

/** The smallest request. */
export const hello: ModelRequest = {
  messages: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }],
  tools: [],
};

/** Reads a stream to its end. */
export async function readAll(
  model: Model,
  request: ModelRequest = hello,
  signal?: AbortSignal,
): Promise<{ readonly events: readonly ModelEvent[]; readonly finished: ModelFinished }> {
  const events: ModelEvent[] = [];
  for await (const batch of model.stream(request, contextOf(signal))) events.push(...batch);
  const finished = events.at(-1);
  if (finished?.type !== "finished") throw new Error("The stream ended without a finished event.");
  return { events, finished };
}
