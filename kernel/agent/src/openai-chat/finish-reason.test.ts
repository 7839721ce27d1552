import type { JsonObject } from "@tau/core";
import { describe, expect, test } from "vitest";

import { SseParser } from "../sse/sse-parser.ts";
import { OpenAiChatDecoder } from "./decoder.ts";
import { compatibleDialect } from "./dialect.ts";

const identity = { provider: "local", model: "m" };

function decoderOf(): OpenAiChatDecoder {
  return new OpenAiChatDecoder({ identity, dialect: compatibleDialect, toError: (body) => new Error(body) });
}

function streamed(reason: string) {
  const decoder = decoderOf();
  const choice = (fields: JsonObject): string => `data: ${JSON.stringify({ choices: [fields] })}\n\n`;
  const text =
    choice({ index: 0, delta: { content: "Hi" } }) + choice({ index: 0, delta: {}, finish_reason: reason });
  new SseParser(decoder, 1_000_000).push([Buffer.from(`${text}data: [DONE]\n\n`)]);
  return decoder.finished?.stopReason;
}

function whole(reason: string) {
  const decoder = decoderOf();
  decoder.readAnswer({ choices: [{ message: { content: "Hi" }, finish_reason: reason }] });
  return decoder.finished?.stopReason;
}

describe("finish reasons", () => {
  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content_filter", "content_filtered"],
    ["model_length", "length"],
    ["MAX_TOKENS", "length"],
    ["model_context_window_exceeded", "length"],
    ["time_limit", "length"],
    ["sensitive", "content_filtered"],
    ["eos", "stop"],
    ["something new", "stop"],
    ["constructor", "stop"],
  ])("%s means %s, in a stream and in a whole answer", (reason, meaning) => {
    expect([streamed(reason), whole(reason)]).toEqual([meaning, meaning]);
  });

  test.each(["abort", "insufficient_system_resource", "network_error", "cancelled"])(
    "%s is no end: the answer broke, and does not look finished",
    (reason) => {
      const error = expect.objectContaining({
        code: "model.truncated",
        class: "retryable",
        details: expect.objectContaining({ finishReason: reason }),
      });

      expect(() => streamed(reason)).toThrow(error);
      expect(() => whole(reason)).toThrow(error);
    },
  );

  test.each(["error", "ERROR", "Error"])("%s is the failure that stands beside it", (reason) => {
    expect(() => streamed(reason)).toThrow(`"finish_reason":"${reason}"`);
    expect(() => whole(reason)).toThrow(`"finish_reason":"${reason}"`);
  });
});
