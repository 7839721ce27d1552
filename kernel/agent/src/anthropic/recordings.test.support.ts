import type { Json, JsonObject } from "@tau/core";

import { parseObject, readFixture } from "../fixture.test.support.ts";
import type { Recording } from "../replay.test.support.ts";

/** A recorded answer of Anthropic; `foreign`: recorded at a place of the same name, and of another protocol. */
export interface AnthropicRecording extends Recording {
  readonly kind: "stream" | "whole" | "error" | "foreign";
}

/** Reads `fixtures/anthropic.messages.ndjson.gz`; streams recorded without their framing get it back. */
export function readAnthropicRecordings(): readonly AnthropicRecording[] {
  return readFixture("anthropic.messages").flatMap((record) => {
    const kind = kindOf(record);
    const base = {
      name: `${textOf(record["repo"])} ${textOf(record["path"]).split("/").at(-1)} ${textOf(record["i"])}`,
      kind,
      status: typeof record["status"] === "number" ? record["status"] : 200,
      contentType: kind === "stream" ? "text/event-stream; charset=utf-8" : "application/json",
    } as const;
    const text = textOf(record["response"]);
    if (record["format"] !== "chunk-lines") return [{ ...base, body: Buffer.from(text) }];
    return frame(text).map((body, part) => ({ ...base, name: `${base.name} part ${part}`, body }));
  });
}

function kindOf({ kind }: JsonObject): AnthropicRecording["kind"] {
  if (kind === "stream" || kind === "whole" || kind === "error" || kind === "foreign") return kind;
  throw new Error(`unknown kind of recording: ${textOf(kind)}`);
}

/** Several answers may follow each other in one file of events. */
function frame(text: string): readonly Buffer[] {
  const answers: string[] = [""];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const type = textOf(parseObject(line)["type"]);
    answers.push(`${answers.pop() ?? ""}event: ${type}\ndata: ${line}\n\n`);
    if (type === "message_stop") answers.push("");
  }
  return answers.filter((answer) => answer !== "").map((answer) => Buffer.from(answer));
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
