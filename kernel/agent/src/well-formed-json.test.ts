import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "./anthropic/anthropic.ts";
import { createOpenAiEmbeddings } from "./embeddings/openai-embeddings.ts";
import { createGemini } from "./gemini/gemini.ts";
import type { Model } from "./model.ts";
import { createOllama } from "./ollama/ollama.ts";
import { createOpenAiChat } from "./openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "./openai-responses/openai-responses.ts";
import { startLoopback } from "./testing/loopback.ts";
import { readAll } from "./testing/read-all.ts";
import { testContext } from "./testing/test-context.ts";
import { wellFormedJson } from "./well-formed-json.ts";

const high = "\ud83d";
const low = "\ude00";

describe("wellFormedJson()", () => {
  test("replaces half a character, and leaves whole ones and what only looks like one", () => {
    expect(wellFormedJson(JSON.stringify(`a${high}b${low}c${high}${low}`))).toBe(
      String.raw`"a\ufffdb\ufffdc😀"`,
    );
    expect(wellFormedJson(String.raw`"\ud83d\ude00 \uD83D\uDE00 \uD83d"`)).toBe(
      String.raw`"\ud83d\ude00 \uD83D\uDE00 \ufffd"`,
    );
    expect(wellFormedJson(JSON.stringify(String.raw`\ud83d \\ud83d`))).toBe(
      JSON.stringify(String.raw`\ud83d \\ud83d`),
    );
    expect(wellFormedJson(JSON.stringify(`\\${high}`))).toBe(String.raw`"\\\ufffd"`);
  });

  test("does what toWellFormed() does", () => {
    const piece = fc.constantFrom(high, low, "\\", "u", "d83d", '"', "\n", "😀", "é", "a");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        expect(JSON.parse(wellFormedJson(JSON.stringify(text)))).toBe(text.toWellFormed());
      }),
    );
  });
});

const half = `cut ${high}`;
const messages: readonly Message[] = [
  userText(half),
  {
    role: "assistant",
    parts: [
      { type: "text", text: half },
      { type: "tool_call", id: "c", name: "read", arguments: String.raw`{"path":"\ud83d"}` },
    ],
  },
  {
    role: "tool",
    parts: [
      {
        type: "tool_result",
        callId: "c",
        name: "read",
        content: [{ type: "text", text: half }],
        isError: false,
      },
    ],
  },
];
const request = {
  system: half,
  messages,
  tools: [{ name: "read", description: half, inputSchema: { type: "object" } }],
} as const;

describe("no request holds half a character", () => {
  test.each([
    ["Chat Completions", (baseUrl: string): Model => createOpenAiChat({ baseUrl, model: "m" })],
    ["Responses", (baseUrl: string): Model => createOpenAiResponses({ baseUrl, model: "m" })],
    ["Anthropic", (baseUrl: string): Model => createAnthropic({ baseUrl, model: "m" })],
    ["Gemini", (baseUrl: string): Model => createGemini({ baseUrl, model: "m" })],
    ["Ollama", (baseUrl: string): Model => createOllama({ baseUrl, model: "m" })],
  ])("in %s", async (_, create) => {
    let body = "";
    await using server = await startLoopback(async (asked, response) => {
      for await (const chunk of asked) body += String(chunk);
      response.writeHead(400, { "content-type": "application/json" });
      response.end("{}");
    });

    await expect(readAll(create(server.url), request)).rejects.toMatchObject({
      code: "model.invalid_request",
    });
    expect(body).not.toMatch(/\\u[dD]/);
    expect(body.split(/\\ufffd|\ufffd/)).toHaveLength(7);
  });

  test("in texts to embed", async () => {
    let body = "";
    await using server = await startLoopback(async (asked, response) => {
      for await (const chunk of asked) body += String(chunk);
      response.writeHead(400, { "content-type": "application/json" });
      response.end("{}");
    });
    const model = createOpenAiEmbeddings({ baseUrl: server.url, model: "m" });

    await expect(model.embed({ inputs: [half] }, testContext())).rejects.toMatchObject({
      code: "model.invalid_request",
    });
    expect(body).toContain(String.raw`"cut \ufffd"`);
  });
});
