import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { EventStreamCodec } from "@smithy/eventstream-codec";
import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { stringOf } from "./json-fields.ts";

/** A recorded answer of Converse or ConverseStream. */
export interface Recording {
  readonly name: string;
  readonly kind: "stream" | "whole" | "error";
  readonly status: number;
  /** The model that was asked; a plain one where it was not recorded. */
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Reads `fixtures/converse.ndjson.gz`; streams recorded without their framing get it back. */
export function readRecordings(): readonly Recording[] {
  const packed = readFileSync(new URL("../fixtures/converse.ndjson.gz", import.meta.url));
  const lines = gunzipSync(packed).toString("utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const record = parseObject(line);
    const { kind } = record;
    if (kind !== "stream" && kind !== "whole" && kind !== "error")
      throw new Error(`unknown kind in ${line.slice(0, 80)}`);
    const errorType = stringOf(record["errorType"]);
    return {
      name: `${stringOf(record["repo"])} ${stringOf(record["path"]).split("/").at(-1)} ${JSON.stringify(record["i"])}`,
      kind,
      status: Number(record["status"]),
      model: stringOf(record["model"]) || "amazon.nova-lite-v1:0",
      headers: {
        "content-type": kind === "stream" ? "application/vnd.amazon.eventstream" : "application/json",
        ...(errorType === "" ? {} : { "x-amzn-errortype": `${errorType}:http://internal.amazon.com/coral/` }),
      },
      body: bodyOf(record),
    };
  });
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => Buffer.from(text),
);

/** A frame as the service writes it. */
export function frame(type: "event" | "exception", name: string, body: string): Buffer {
  const headers = {
    [type === "event" ? ":event-type" : ":exception-type"]: { type: "string", value: name },
    ":content-type": { type: "string", value: "application/json" },
    ":message-type": { type: "string", value: type },
  } as const;
  return Buffer.from(codec.encode({ headers, body: Buffer.from(body) }));
}

function bodyOf(record: JsonObject): Buffer {
  if (typeof record["response_b64"] === "string") return Buffer.from(record["response_b64"], "base64");
  const text = stringOf(record["response"]);
  if (record["format"] !== "chunk-lines") return Buffer.from(text);
  const frames = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line) =>
      Object.entries(parseObject(line)).map(([name, body]) => frame("event", name, JSON.stringify(body))),
    );
  return Buffer.concat(frames);
}

function parseObject(line: string): JsonObject {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`not an object: ${line.slice(0, 80)}`);
  return parsed.value;
}
