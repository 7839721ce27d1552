import type { ServerResponse } from "node:http";

import { userText } from "@tau/core";
import { describe, expect, test } from "vitest";

import { completeAnswer } from "../complete-answer.ts";
import { createHttpTransport } from "../http/http-transport.ts";
import type { HttpTransport } from "../http/http-transport.ts";
import type { ModelRequest } from "../model.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { startLoopback } from "../testing/loopback.ts";
import { testContext } from "../testing/test-context.ts";
import { startScriptedServer } from "../scripted/server.ts";
import type { ScriptedServer } from "../scripted/server.ts";
import { createPlace } from "./cassette.test.support.ts";
import type { CassettePlace } from "./cassette.test.support.ts";
import { recordTransport } from "./record-transport.ts";
import { startReplayServer } from "./replay-server.ts";
import { replayTransport } from "./replay-transport.ts";
import { keyOf, toQuestion } from "./request-key.ts";

function ask(text: string, system = "Be brief."): ModelRequest {
  return { system, messages: [userText(text)], tools: [] };
}

async function answerTo(request: ModelRequest, transport: HttpTransport, url = "http://127.0.0.1:1") {
  const model = createOpenAiChat({ baseUrl: `${url}/v1`, model: "scripted", transport });
  const { message } = await completeAnswer(model, request, testContext());
  return message.parts.map((part) => (part.type === "text" ? part.text : part.type)).join();
}

/** Answers a and b; fails the first time it is asked anything else. */
async function startCounting(): Promise<ScriptedServer> {
  return await startScriptedServer({
    conversations: [
      { match: "a", turns: [{ text: "to a" }] },
      { match: "b", turns: [{ text: "to b" }] },
    ],
    turns: [{ text: "better now", failure: { kind: "status", times: 1 } }],
  });
}

async function recordAll(place: CassettePlace, requests: readonly ModelRequest[]): Promise<void> {
  await using server = await startCounting();
  await using transport = createHttpTransport();
  await using recorder = await recordTransport({ path: place.path, transport });
  for (const request of requests) await answerTo(request, recorder, server.url).catch(() => "failed");
}

describe("a cassette", () => {
  test("answers in any order, and equal requests one after the other", async () => {
    await using place = await createPlace();
    await recordAll(place, [ask("a"), ask("xx"), ask("b"), ask("xx")]);
    await using replayed = await replayTransport({ path: place.path });

    expect(await answerTo(ask("b"), replayed)).toBe("to b");
    await expect(answerTo(ask("xx"), replayed)).rejects.toMatchObject({ code: "model.server_error" });
    expect(await answerTo(ask("a"), replayed)).toBe("to a");
    expect(await answerTo(ask("xx"), replayed)).toBe("better now");
    await expect(answerTo(ask("xx"), replayed)).rejects.toMatchObject({
      code: "cassette.exhausted",
      message: expect.stringContaining("/v1/chat/completions"),
    });
  });

  test("keeps equal requests in the order in which they began, whichever ends first", async () => {
    await using place = await createPlace();
    const held: ServerResponse[] = [];
    await using server = await startLoopback((_request, response) => {
      held.push(response);
    });
    {
      await using transport = createHttpTransport();
      await using recorder = await recordTransport({ path: place.path, transport });
      const asked = [];
      for (const count of [1, 2]) {
        asked.push(answerTo(ask("x"), recorder, server.url));
        await expect.poll(() => held.length).toBe(count);
      }
      for (const index of [1, 0]) {
        const choice = { index: 0, message: { content: `answer ${index}` }, finish_reason: "stop" };
        held[index]?.setHeader("content-type", "application/json");
        held[index]?.end(JSON.stringify({ choices: [choice] }));
        await asked[index];
      }
    }

    await using replayed = await replayTransport({ path: place.path });
    expect(await answerTo(ask("x"), replayed)).toBe("answer 0");
    expect(await answerTo(ask("x"), replayed)).toBe("answer 1");
  });

  test("does not mind the order of fields", () => {
    const url = new URL("http://127.0.0.1/v1");
    const key = (body: string) =>
      keyOf(toQuestion({ url, contentType: "application/json", body }, (text) => text));

    expect(key('{"a":{"b":1,"c":[1,2]},"d":null}')).toBe(key('{"d":null, "a":{"c":[1,2],"b":1.0}}'));
    expect(key('{"a":[1,2]}')).not.toBe(key('{"a":[2,1]}'));
    expect(key('{"a":null}')).not.toBe(key("{}"));
  });

  test("does not mind the boundary of a form", () => {
    const url = new URL("http://127.0.0.1/v1/audio");
    const key = (boundary: string, sound: readonly number[]) =>
      keyOf(
        toQuestion(
          {
            url,
            contentType: `multipart/form-data; boundary=${boundary}`,
            body: Buffer.concat([Buffer.from(`--${boundary}\r\n\r\n`), Buffer.from(sound)]),
          },
          (text) => text,
        ),
      );

    expect(key("xx1", [255, 0])).toBe(key("yyy2", [255, 0]));
    expect(key("xx1", [255, 0])).not.toBe(key("xx1", [255, 1]));
    expect(key("xx1", [65])).toBe(key("yyy2", [65]));
  });

  test("says what is nearest to a request that it does not hold", async () => {
    await using place = await createPlace();
    await recordAll(place, [ask("a"), ask("b", "Be long.")]);
    await using replayed = await replayTransport({ path: place.path });

    await expect(answerTo(ask("c"), replayed)).rejects.toMatchObject({
      code: "cassette.no_match",
      message:
        "The cassette has no answer to this request to /v1/chat/completions. The nearest one, in line 2, " +
        'differs in messages[1].content: recorded "a", asked "c".',
    });
    await expect(answerTo({ ...ask("b", "Be long."), temperature: 1 }, replayed)).rejects.toMatchObject({
      message: expect.stringContaining("line 3, differs in temperature: recorded nothing, asked 1."),
    });
  });

  test("says so over a socket, too", async () => {
    await using place = await createPlace();
    await recordAll(place, [ask("a")]);
    await using server = await startReplayServer({ path: place.path });
    await using transport = createHttpTransport();

    await expect(answerTo(ask("c"), transport, server.url)).rejects.toMatchObject({
      code: "model.invalid_request",
      cause: new Error(
        'HTTP 400: {"error":{"type":"invalid_request_error","message":"The cassette has no answer to this ' +
          "request to /v1/chat/completions. The nearest one, in line 2, differs in messages[1].content: " +
          'recorded \\"a\\", asked \\"c\\"."}}',
      ),
    });
  });

  test("shows the place of a difference in a long text", async () => {
    await using place = await createPlace();
    await recordAll(place, [ask(`${"a".repeat(500)}x${"y".repeat(500)}`)]);
    await using replayed = await replayTransport({ path: place.path });

    const asked = answerTo(ask(`${"a".repeat(500)}z${"y".repeat(500)}`), replayed);

    const before = `…${"a".repeat(20)}`;
    const after = `${"y".repeat(59)}…`;
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining(`recorded ${before}x${after}, asked ${before}z${after}.`),
    });
  });

  test("that is empty says that it is", async () => {
    await using place = await createPlace();
    await recordAll(place, []);
    await using replayed = await replayTransport({ path: place.path });

    await expect(answerTo(ask("a"), replayed)).rejects.toMatchObject({
      message: expect.stringContaining("It is empty."),
    });
  });
});
