import { describe, expect, test } from "vitest";

import { randomSplits, seededRandom } from "../testing/random-splits.ts";
import { GeminiDecoder } from "./decoder.ts";
import { GeminiStreamParser } from "./stream-parser.ts";

const said = 'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}]}\r\n\r\n';
const failure = `{
  "error": {
    "code": 429,
    "message": "Resource has been exhausted (e.g. check quota).",
    "status": "RESOURCE_EXHAUSTED",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.RetryInfo"
      }
    ]
  }
}
`;
const finished = said.replace('"content"', '"finishReason": "STOP", "content"');

function failureIn(pieces: readonly Buffer[]): unknown {
  const decoder = new GeminiDecoder({ provider: "gemini", model: "m" }, (body) => new Error(`told: ${body}`));
  const parser = new GeminiStreamParser(decoder, 1_000_000);
  try {
    for (const piece of pieces) parser.push([piece]);
    parser.end();
    decoder.end();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe("GeminiStreamParser", () => {
  test.each([
    ["in a piece of its own", [said, failure]],
    ["behind events of the same piece", [said + failure]],
    ["cut in two", [said, failure.slice(0, 50), failure.slice(50)]],
    ["after an event that was cut before its brace", [said.slice(0, 6), said.slice(6), failure]],
    ["at the beginning", [failure]],
  ])("hears of a failure that stands between the events, in no frame: %s", (_name, pieces) => {
    expect(failureIn(pieces.map((piece) => Buffer.from(piece)))).toMatch(/^told: .*RESOURCE_EXHAUSTED/);
  });

  test.each([
    failure.slice(0, -1),
    failure,
    `${failure}\n`,
    `${failure.replaceAll("\n", "\r\n")}\r\n`,
    JSON.stringify(JSON.parse(failure)),
  ])("hears of it wherever the bytes are cut: %j", (told) => {
    const bytes = Buffer.from(said + told);
    for (let at = 0; at < bytes.length; at++) {
      expect(failureIn([bytes.subarray(0, at), bytes.subarray(at)])).toMatch(/^told: .*RESOURCE_EXHAUSTED/);
    }
    expect(failureIn([...bytes].map((byte) => Buffer.of(byte)))).toMatch(/^told: .*RESOURCE_EXHAUSTED/);
  });

  test.each([
    ["an event", `${failure}\r\n${said}${finished}`],
    ["an event without a blank line between", `${JSON.stringify(JSON.parse(failure))}\n${finished}`],
    ["an event that is read by its pattern", `${finished}${said}${said}${failure}\r\n${said}`],
  ])("drops a failure that is followed by %s, wherever the bytes are cut", (_name, told) => {
    const bytes = Buffer.from(told);
    for (let at = 0; at < bytes.length; at++) {
      expect(failureIn([bytes.subarray(0, at), bytes.subarray(at)])).toBeUndefined();
    }
    expect(failureIn([...bytes].map((byte) => Buffer.of(byte)))).toBeUndefined();
  });

  test.each([
    ["behind one that was dropped", `{"error":{"status":"OLD"}}\n\n${said}${failure}`],
    ["among fields without an event", `${said}${failure.trimEnd().slice(0, -1)}id: 7\nretry: 1\n}\n`],
  ])("hears of a failure %s", (_name, told) => {
    expect(failureIn([Buffer.from(told)])).toMatch(/^told: .*RESOURCE_EXHAUSTED/);
  });

  test("takes nothing else for a failure, however the bytes are cut", () => {
    const whole = said.repeat(3) + finished;
    for (let seed = 0; seed < 50; seed++) {
      expect(failureIn(randomSplits(Buffer.from(whole), seededRandom(seed)))).toBeUndefined();
    }
    expect(
      failureIn([Buffer.from(`${said}{"candidates": []}\n`), Buffer.from("{ no JSON\n")]),
    ).toBeUndefined();
  });
});
