import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { userText } from "@tau/core";
import type { Message } from "@tau/core";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";

import { createAnthropic } from "../anthropic/anthropic.ts";
import { createGemini } from "../gemini/gemini.ts";
import { createVertexGemini } from "../gemini/vertex.ts";
import type { Model, ModelRequest } from "../model.ts";
import { createOllama } from "../ollama/ollama.ts";
import { createOpenAiChat } from "../openai-chat/openai-chat.ts";
import { createOpenAiResponses } from "../openai-responses/openai-responses.ts";
import { readAll } from "../testing/read-all.ts";
import { parseTranscript } from "./parse-transcript.ts";
import { startScriptedServer } from "./server.ts";
import type { ScriptedServer } from "./server.ts";
import type { Transcript, TranscriptFailure } from "./transcript.ts";

const readCall = { name: "read", arguments: { path: "{{cwd}}/a.txt" } };
const transcript: Transcript = {
  turns: [
    { thinking: "I should look.", text: "Let me read it.", toolCalls: [readCall] },
    { expect: { lastToolResultContains: "42" }, text: "It says 42." },
  ],
  conversations: [{ match: "weather", turns: [{ text: "Sunny." }] }],
};
const variables = { cwd: '/tmp/a"b' };

function modelsOf(server: ScriptedServer): readonly Model[] {
  return [
    createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted" }),
    createOpenAiResponses({ baseUrl: `${server.url}/v1`, model: "scripted" }),
    createAnthropic({ baseUrl: server.url, model: "scripted" }),
    createGemini({ baseUrl: `${server.url}/v1beta`, model: "scripted" }),
    createVertexGemini({ baseUrl: `${server.url}/v1`, project: "p", model: "scripted" }),
    createOllama({ baseUrl: server.url, model: "scripted" }),
  ];
}

function requestOf(...messages: readonly Message[]): ModelRequest {
  return { messages, tools: [{ name: "read", description: "Reads.", inputSchema: { type: "object" } }] };
}

function resultOf(callId: string, text: string): Message {
  return {
    role: "tool",
    parts: [{ type: "tool_result", callId, name: "read", content: [{ type: "text", text }], isError: false }],
  };
}

describe("startScriptedServer()", () => {
  test("plays a conversation turn by turn through every adapter", async () => {
    await using server = await startScriptedServer(transcript, { variables });
    for (const model of modelsOf(server)) {
      const question = userText("What does a.txt say?");
      const first = (await readAll(model, requestOf(question))).finished;
      expect(first).toMatchObject({ stopReason: "tool_calls", model: "scripted" });
      expect(first.message.parts).toMatchObject([
        { type: "thinking", text: "I should look." },
        { type: "text", text: "Let me read it." },
        {
          type: "tool_call",
          id: "call_1_1",
          name: "read",
          arguments: JSON.stringify({ path: '/tmp/a"b/a.txt' }),
        },
      ]);

      const second = await readAll(model, requestOf(question, first.message, resultOf("call_1_1", "42")));
      expect(second.finished.message.parts).toMatchObject([{ type: "text", text: "It says 42." }]);
      expect(second.finished.stopReason).toBe("stop");
    }
  });

  test("chooses a conversation by its first user message", async () => {
    await using server = await startScriptedServer(transcript, { variables });
    for (const model of modelsOf(server)) {
      const { finished } = await readAll(model, requestOf(userText("How is the weather?")));
      expect(finished.message.parts).toMatchObject([{ type: "text", text: "Sunny." }]);
    }
  });

  test("refuses a request that is not as expected, and says why", async () => {
    await using server = await startScriptedServer(transcript, { variables });
    const said: Message = { role: "assistant", parts: [{ type: "text", text: "x" }] };
    for (const model of modelsOf(server)) {
      const wrong = readAll(model, requestOf(userText("Hi"), said, resultOf("c", "41")));
      await expect(wrong).rejects.toMatchObject({
        code: "model.invalid_request",
        cause: {
          message: expect.stringContaining('lastToolResultContains is \\"42\\", but the request has'),
        },
      });
      const beyond = readAll(model, requestOf(userText("Hi"), said, said));
      await expect(beyond).rejects.toMatchObject({
        cause: { message: expect.stringContaining("has 2 turns, and this request asks for number 3") },
      });
    }
  });

  test.each<[TranscriptFailure, string, number | undefined]>([
    [{ kind: "status", status: 502 }, "model.server_error", undefined],
    [{ kind: "overloaded" }, "model.overloaded", undefined],
    [{ kind: "rate_limited", retryAfterSeconds: 2 }, "model.rate_limited", 2000],
    [{ kind: "reset" }, "model.network", undefined],
    [{ kind: "cut" }, "model.network", undefined],
    [{ kind: "end" }, "model.truncated", undefined],
    [{ kind: "garbage" }, "model.parse", undefined],
    [{ kind: "stall", afterEvents: 1 }, "model.idle_timeout", undefined],
  ])("fails as told: %j", async (failure, code, retryAfterMs) => {
    await using server = await startScriptedServer({ turns: [{ text: "Hello, world.", failure }] });
    const timeouts = { idleMs: 30 };
    const models = [
      createOpenAiChat({ baseUrl: `${server.url}/v1`, model: "scripted", timeouts }),
      createOpenAiResponses({ baseUrl: `${server.url}/v1`, model: "scripted", timeouts }),
      createAnthropic({ baseUrl: server.url, model: "scripted", timeouts }),
    ];
    const errors = await Promise.all(models.map((model) => readAll(model).catch((error: unknown) => error)));

    expect(errors).toMatchObject([
      { code, retryAfterMs },
      { code, retryAfterMs },
      { code, retryAfterMs },
    ]);
  });

  test("fails inside the stream in the protocol's own words", async () => {
    await using server = await startScriptedServer({
      turns: [{ text: "Hi", failure: { kind: "error_event" } }],
    });
    const codes = await Promise.all(
      modelsOf(server).map((model) => readAll(model).catch((error: unknown) => Object(error).code)),
    );

    expect(codes).toEqual([
      "model.server_error",
      "model.server_error",
      "model.overloaded",
      "model.server_error",
      "model.server_error",
      "model.server_error",
    ]);
  });

  test("recovers after a number of failures", async () => {
    const failure = { kind: "overloaded", times: 2 } as const;
    await using server = await startScriptedServer({ turns: [{ text: "Hi", failure }] });
    const [model] = modelsOf(server);
    if (model === undefined) throw new Error("no model");

    await expect(readAll(model)).rejects.toMatchObject({ code: "model.overloaded" });
    await expect(readAll(model)).rejects.toMatchObject({ code: "model.overloaded" });
    expect((await readAll(model)).finished.message.parts).toEqual([{ type: "text", text: "Hi" }]);
  });

  test("says what the transcript says it costs", async () => {
    const usage = {
      inputTokens: 100,
      outputTokens: 7,
      cacheReadTokens: 60,
      cacheWriteTokens: 20,
      reasoningTokens: 3,
    };
    await using server = await startScriptedServer({ turns: [{ text: "Hi", usage }] });
    // What a protocol has no word for is not told.
    const unsaid: Readonly<Record<string, object>> = {
      gemini: { cacheWriteTokens: 0 },
      vertex: { cacheWriteTokens: 0 },
      ollama: { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    };
    for (const model of modelsOf(server)) {
      expect((await readAll(model)).finished.usage).toEqual({ ...usage, ...unsaid[model.provider] });
    }
  });

  test("answers the vendors' libraries, streamed and whole", async () => {
    await using server = await startScriptedServer(transcript, { variables });
    const openai = new OpenAI({ apiKey: "none", baseURL: `${server.url}/v1`, maxRetries: 0 });
    const anthropic = new Anthropic({ apiKey: "none", baseURL: server.url, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Go" }];

    const whole = await openai.chat.completions.create({ model: "scripted", messages });
    const streamed = await openai.chat.completions.stream({ model: "scripted", messages }).finalMessage();
    const response = await openai.responses.create({ model: "scripted", input: "Go" });
    const accumulated = await openai.responses.stream({ model: "scripted", input: "Go" }).finalResponse();
    const message = await anthropic.messages.create({ model: "scripted", max_tokens: 9, messages });
    const final = await anthropic.messages
      .stream({ model: "scripted", max_tokens: 9, messages })
      .finalMessage();

    expect(whole.choices[0]?.message.content).toBe("Let me read it.");
    expect(streamed.content).toBe("Let me read it.");
    expect(streamed.tool_calls).toHaveLength(1);
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
    expect(accumulated.output_text).toBe("Let me read it.");
    expect(message.content).toEqual(final.content);
    expect(final.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
    expect(message.stop_reason).toBe("tool_use");
  });

  test("answers Google's and Ollama's libraries, streamed and whole", async () => {
    await using server = await startScriptedServer(transcript, { variables });
    const { models } = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: server.url } });
    const ollama = new Ollama({ host: server.url });
    const question = { model: "scripted", contents: "Go" };
    const messages = [{ role: "user", content: "Go" }];

    const whole = await models.generateContent(question);
    let streamed = "";
    for await (const chunk of await models.generateContentStream(question)) {
      streamed += (chunk.candidates?.[0]?.content?.parts ?? [])
        .map(({ text, thought }) => (thought === true ? "" : (text ?? "")))
        .join("");
    }
    const answer = await ollama.chat({ model: "scripted", messages });
    let said = "";
    for await (const { message } of await ollama.chat({ model: "scripted", messages, stream: true })) {
      said += message.content;
    }

    expect(whole.candidates?.[0]?.content?.parts).toMatchObject([
      { text: "I should look.", thought: true },
      { text: "Let me read it." },
      { functionCall: { name: "read", args: { path: '/tmp/a"b/a.txt' } }, thoughtSignature: "signed" },
    ]);
    expect(streamed).toBe("Let me read it.");
    expect(answer.message).toMatchObject({ content: "Let me read it.", thinking: "I should look." });
    expect(answer.message.tool_calls?.[0]?.function.name).toBe("read");
    expect(said).toBe("Let me read it.");
  });

  test("writes down what it was asked, the newest only", async () => {
    await using server = await startScriptedServer({ turns: [{ text: "Hi" }] }, { keepRequests: 2 });
    const [model] = modelsOf(server);
    if (model === undefined) throw new Error("no model");
    for (const text of ["one", "two", "three"]) await readAll(model, requestOf(userText(text)));

    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/v1/chat/completions"]);
    expect(server.requests.map(({ body }) => body["messages"])).toEqual([
      [{ role: "user", content: "two" }],
      [{ role: "user", content: "three" }],
    ]);
  });
});

describe("parseTranscript()", () => {
  test.each([
    ["{", "transcript is not JSON"],
    ["[]", "transcript must be an object, not a list"],
    ["{}", "transcript needs `turns`, `conversations` or both"],
    [
      '{"turns":[{"txt":"a"}]}',
      "transcript.turns[0].txt is not a field; known are thinking, signature, text",
    ],
    ['{"turns":[{"text":5}]}', "transcript.turns[0].text must be a string, not a number"],
    ['{"turns":[{"toolCalls":[{"name":"a"}]}]}', "transcript.turns[0].toolCalls[0].arguments is missing"],
    ['{"turns":[{"delayMs":-1}]}', "transcript.turns[0].delayMs must be an integer of at least 0, not -1"],
    [
      '{"turns":[{"failure":{"kind":"boom"}}]}',
      "transcript.turns[0].failure.kind must be one of status, overloaded",
    ],
    ['{"conversations":[{"turns":[]}]}', "transcript.conversations[0].match is missing"],
  ])("names the field that is wrong in %s", (json, message) => {
    expect(() => parseTranscript(json)).toThrow(
      expect.objectContaining({ code: "transcript.invalid", message: expect.stringContaining(message) }),
    );
  });

  test("names a variable that nobody gave", async () => {
    await expect(startScriptedServer(transcript)).rejects.toThrow(
      "transcript.turns[0].toolCalls[0].arguments.path uses the variable {{cwd}}, which the server was not given.",
    );
  });

  test("reads a transcript", () => {
    expect(parseTranscript(JSON.stringify(transcript))).toEqual(transcript);
  });
});
