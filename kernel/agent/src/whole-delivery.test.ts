import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import { createAzureOpenAi } from "./azure/azure-openai.ts";
import { createGemini } from "./gemini/gemini.ts";
import { createVertexGemini } from "./gemini/vertex.ts";
import { createHttpTransport } from "./http/http-transport.ts";
import type { HttpTransport } from "./http/http-transport.ts";
import type { Model, ModelRequest } from "./model.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";
import { startScriptedServer } from "./scripted/server.ts";
import type { TranscriptTurn } from "./scripted/transcript.ts";
import { startLoopback } from "./testing/loopback.ts";
import { hello, readAll } from "./testing/read-all.ts";

type Create = (url: string, transport: HttpTransport) => Model;

const model = "scripted";
const azure = (api: "chat" | "responses"): Create => {
  return (endpoint, transport) =>
    createAzureOpenAi({ endpoint, deployment: model, api, apiKey: "k", transport });
};
const adapters: readonly (readonly [string, Create])[] = [
  ["createOpenAiChat()", (url, transport) => createOpenAiChat({ baseUrl: `${url}/v1`, model, transport })],
  [
    "createOpenAiResponses()",
    (url, transport) => createOpenAiResponses({ baseUrl: `${url}/v1`, model, transport }),
  ],
  ['createAzureOpenAi({ api: "chat" })', azure("chat")],
  ['createAzureOpenAi({ api: "responses" })', azure("responses")],
  ["createAnthropic()", (url, transport) => createAnthropic({ baseUrl: url, model, transport })],
  ["createGemini()", (url, transport) => createGemini({ baseUrl: `${url}/v1beta`, model, transport })],
  [
    "createVertexGemini()",
    (url, transport) =>
      createVertexGemini({
        baseUrl: `${url}/v1beta1`,
        project: "p",
        accessToken: "k",
        model,
        transport,
      }),
  ],
  ["createOllama()", (url, transport) => createOllama({ baseUrl: url, model, transport })],
];

const whole: ModelRequest = { ...hello, delivery: "whole" };
const usage = { inputTokens: 11, outputTokens: 7 };
const turns: readonly TranscriptTurn[] = [
  { text: "Grüße, 世界! 👋", chunkChars: 2 },
  { thinking: "I should look.", text: "Let me read.", chunkChars: 4 },
  {
    text: "Both.",
    toolCalls: [
      { name: "read", arguments: '{"path":"a.txt"}' },
      { name: "read", arguments: '{"path":"b.txt"}' },
    ],
  },
  { text: "Too long", stopReason: "length" },
];

describe.each(adapters)("%s, asked for a whole answer", (_name, create) => {
  test.each(turns)("reads the same as from a stream: %j", async (turn) => {
    await using transport = createHttpTransport();
    await using server = await startScriptedServer({ turns: [{ ...turn, usage }] });
    const asked = create(server.url, transport);

    const streamed = await readAll(asked);
    const told = await readAll(asked, whole);

    expect(told.finished).toEqual(streamed.finished);
    expect(told.finished.usage).toMatchObject(usage);
    const said = told.events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
    expect(said).toBe(turn.text);
  });

  test("asks for one JSON text, in the protocol's own way, and for a stream again after it", async () => {
    await using transport = createHttpTransport();
    await using server = await startScriptedServer({ turns: [{ text: "Hi" }] });
    const asked = create(server.url, transport);

    await readAll(asked, whole);
    await readAll(asked);

    const [first, second] = server.requests.map(({ path, headers, body }) => ({
      streams: path.endsWith(":streamGenerateContent") || body["stream"] === true,
      accept: headers["accept"],
    }));
    expect(first).toEqual({ streams: false, accept: "application/json" });
    expect(second?.streams).toBe(true);
    expect(second?.accept).not.toBe("application/json");
  });

  test("throws what a refusal means, and when the key is refused", async () => {
    await using transport = createHttpTransport();
    const failure = { kind: "rate_limited", retryAfterSeconds: 2 } as const;
    await using server = await startScriptedServer({ turns: [{ text: "Hi", failure }] });
    await using closed = await startScriptedServer({ turns: [{ text: "Hi" }] }, { apiKey: "another" });

    await expect(readAll(create(server.url, transport), whole)).rejects.toMatchObject({
      code: "model.rate_limited",
      retryAfterMs: 2000,
    });
    await expect(readAll(create(closed.url, transport), whole)).rejects.toMatchObject({ class: "auth" });
  });

  test("throws wherever the answer is cut, and reads it with its last byte", async () => {
    await using transport = createHttpTransport();
    const answer = await wholeAnswer(create, transport);
    let length = 0;
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(answer.subarray(0, length));
    });
    const asked = create(server.url, transport);

    for (; length < answer.length; length++) {
      const cut = readAll(asked, whole);
      await expect(cut, `cut after ${length} bytes`).rejects.toMatchObject({ code: "model.parse" });
    }
    await expect(readAll(asked, whole)).resolves.toMatchObject({ finished: { stopReason: "tool_calls" } });
  });
});

/** The bytes of a whole answer, as this adapter's server sends them. */
async function wholeAnswer(create: Create, transport: HttpTransport): Promise<Buffer> {
  const [, , turn] = turns;
  await using server = await startScriptedServer({ turns: turn === undefined ? [] : [turn] });
  let bytes: Buffer = Buffer.alloc(0);
  await using between = await startLoopback(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const answer = await fetch(`${server.url}${request.url}`, { method: "POST", body });
    bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(200, { "content-type": "application/json" });
    response.end(bytes);
  });
  await readAll(create(between.url, transport), whole);
  return bytes;
}
