import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpRequest } from "../http/http-transport.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { testContext } from "../testing/test-context.ts";
import { createPlace } from "./cassette.test.support.ts";
import { toChunk, toRecordedChunk } from "./entry.ts";
import type { RecordedChunk } from "./entry.ts";
import { readCassette } from "./read-cassette.ts";
import { recordTransport } from "./record-transport.ts";
import { createRedactor } from "../redaction/redactor.ts";
import { replayTransport } from "./replay-transport.ts";
import { applyEdits } from "../redaction/text-edits.ts";

test("a chunk that is cut inside a character keeps its bytes", () => {
  const [before, after] = [Buffer.from("né").subarray(0, 2), Buffer.from("né").subarray(2)];

  for (const chunk of [before, after, Buffer.from("né"), Buffer.from([0xef, 0xbb, 0xbf, 0x61])]) {
    const written: RecordedChunk = JSON.parse(JSON.stringify(toRecordedChunk(chunk)));
    expect(toChunk(written)).toEqual(chunk);
  }
  expect(toRecordedChunk(Buffer.from("né"))).toBe("né");
});

test("applyEdits() moves a mark inside an edit to its end, and later ones with the text", () => {
  const edits = [
    { start: 1, end: 3, replacement: "----" },
    { start: 4, end: 5, replacement: "" },
  ];

  expect(applyEdits({ text: "abcdef", marks: [0, 1, 2, 3, 4, 6] }, edits)).toEqual({
    text: "a----df",
    marks: [0, 1, 5, 5, 6, 7],
  });
});

describe("redactChunks()", () => {
  const { redactChunks } = createRedactor(["opensesame"]);
  const pieces = (...texts: readonly string[]) => texts.map((text) => Buffer.from(text));

  test("keeps the borders outside of a secret, also in a text of many bytes a character", () => {
    expect(redactChunks(pieces("é: op", "enses", "ame é", "ß"), false).map(String)).toEqual([
      "é: [redacted]",
      "",
      " é",
      "ß",
    ]);
  });

  test("gives the chunks themselves back when they hold none", () => {
    const chunks = pieces("open", " sesame");

    expect(redactChunks(chunks, true)).toBe(chunks);
  });
});

describe("recordTransport()", () => {
  const request = (url: string, key: string): HttpRequest => ({
    url: new URL(url),
    headers: { "content-type": "application/json", "x-api-key": key },
    body: "{}",
    limits: {},
    maxResponseBytes: 1_000_000,
  });

  test("keeps what comes behind the end marker", async () => {
    await using place = await createPlace();
    let sayGoodbye: () => void = () => undefined;
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const choice = { index: 0, delta: { content: "Hi" }, finish_reason: "stop" };
      response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`);
      sayGoodbye = () => response.end(": goodbye\n\n");
    });
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      await readAll(createOpenAiChat({ baseUrl: server.url, model: "m", transport: recorder }));
      sayGoodbye();
    }

    const [line] = await readCassette(place.path);
    const reads = line?.entry.kind === "http" ? line.entry.response?.reads : [];
    expect(reads?.flat().map(toChunk).join("")).toMatch(/\[DONE\]\n\n: goodbye\n\n$/);
  });

  test("tells the new length of an answer that it cut a secret out of", async () => {
    await using place = await createPlace();
    await using server = await startLoopback((_request, response) => {
      const body = '{"echo":"opensesame!!"}';
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
      response.end(body);
    });
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      await (await recorder.post(request(server.url, "opensesame!!"), testContext().signal)).text(100);
    }

    await using replayed = await replayTransport({ path: place.path });
    const response = await replayed.post(request(server.url, "other-key"), testContext().signal);
    expect(await response.text(100)).toBe('{"echo":"[redacted]"}');
    expect(response.headers["content-length"]).toBe("21");
  });
});

test("a replayed answer that was cancelled says nothing more", async () => {
  await using place = await createPlace();
  await using server = await startLoopback((_request, response) => {
    response.end("{}");
  });
  const asked: HttpRequest = {
    url: new URL(server.url),
    headers: {},
    body: "",
    limits: {},
    maxResponseBytes: 9,
  };
  {
    await using transport = createHttpTransport();
    await using recorder = await recordTransport({ path: place.path, transport });
    await (await recorder.post(asked, testContext().signal)).text(9);
  }
  await using replayed = await replayTransport({ path: place.path });
  const response = await replayed.post(asked, testContext().signal);
  response.cancel();

  await expect(response.read()).rejects.toThrow("cancelled");
});
