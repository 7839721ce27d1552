import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { isJsonObject, parseJson } from "@tau/core";
import type { JsonObject } from "@tau/core";

import { textAt } from "../json-fields.ts";

/** A recorded answer of the Gemini API, of Vertex, or of somebody who speaks their protocol. */
export interface GeminiRecording {
  readonly name: string;
  readonly provider: string;
  readonly kind: "stream" | "whole" | "error";
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Reads `fixtures/gemini.ndjson.gz`; streams recorded without their framing get it back. */
export function readGeminiRecordings(): readonly GeminiRecording[] {
  const packed = readFileSync(new URL("../../fixtures/gemini.ndjson.gz", import.meta.url));
  return gunzipSync(packed).toString("utf8").trimEnd().split("\n").map(toRecording);
}

function toRecording(line: string): GeminiRecording {
  const parsed = parseJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`not an object: ${line.slice(0, 80)}`);
  const record: JsonObject = parsed.value;
  const kind = record["kind"] === "stream" || record["kind"] === "error" ? record["kind"] : "whole";
  const text = textAt(record, "response");
  const framed =
    record["format"] === "chunk-lines"
      ? text
          .split("\n")
          .map((chunk) => `data: ${chunk}\r\n\r\n`)
          .join("")
      : text;
  return {
    name: `${textAt(record, "provider")}: ${textAt(record, "path").split("/").at(-1)} ${Number(record["i"])}`,
    provider: textAt(record, "provider"),
    kind,
    status: Number(record["status"]),
    contentType: kind === "stream" ? "text/event-stream" : "application/json; charset=UTF-8",
    body: Buffer.from(framed),
  };
}
