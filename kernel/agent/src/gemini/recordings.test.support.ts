import type { JsonObject } from "@tau/core";

import { readFixture } from "../fixture.test.support.ts";
import { textAt } from "../json-fields.ts";
import type { Recording } from "../replay.test.support.ts";

/** A recorded answer of the Gemini API, of Vertex, or of somebody who speaks their protocol. */
export interface GeminiRecording extends Recording {
  readonly provider: string;
  readonly kind: "stream" | "whole" | "error";
}

/** Reads `fixtures/gemini.ndjson.gz`; streams recorded without their framing get it back. */
export function readGeminiRecordings(): readonly GeminiRecording[] {
  return readFixture("gemini").map(toRecording);
}

function toRecording(record: JsonObject): GeminiRecording {
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
