import { userText } from "@tau/core";
import type { Message, ToolDefinition } from "@tau/core";
import { Ollama } from "ollama";
import type { ChatRequest, Message as WireMessage, Tool } from "ollama";
import { describe, expect, test } from "vitest";

import type { ModelRequest } from "../model.ts";
import { startLoopback } from "../testing/loopback.ts";
import { schemaErrors } from "../request-schema.test.support.ts";
import { toPartData } from "./part-data.ts";
import { createOllamaBodyWriter, toWireTool } from "./request-body.ts";
import type { OllamaBodyOptions } from "./request-body.ts";

const identity = { provider: "ollama", model: "qwen3:8b" };
const read: ToolDefinition = { name: "read", description: "Reads.", inputSchema: { type: "object" } };
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };
const pixel = { type: "image", mediaType: "image/png", source: { kind: "base64", data: "AAAA" } } as const;

function bodyOf(request: ModelRequest, options: Partial<OllamaBodyOptions> = {}): unknown {
  const all = { identity, thinking: "switch", keepAlive: undefined, options: {}, ...options } as const;
  const body: unknown = JSON.parse(createOllamaBodyWriter(all)(request));
  expect(schemaErrors("ollama", asOfTheLibrary(body))).toEqual([]);
  return body;
}

/** Without what is newer than the library's types. */
function asOfTheLibrary(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body, (name, value: unknown) =>
      ["truncate", "shift", "id", "tool_call_id"].includes(name) ? undefined : value,
    ),
  );
}

function messagesOf(...messages: readonly Message[]): unknown {
  return Object(bodyOf({ messages, tools: [] })).messages;
}

/** What the vendor's library sends for the same question. */
async function sdkBody(question: ChatRequest): Promise<unknown> {
  let body = "";
  await using server = await startLoopback(async (request, response) => {
    for await (const bytes of request) body += String(bytes);
    response.end(`${JSON.stringify({ message: { role: "assistant", content: "" }, done: true })}\n`);
  });
  const client = new Ollama({ host: server.url });
  for await (const _ of await client.chat({ ...question, stream: true }));
  return JSON.parse(body);
}

describe("Ollama request bodies", () => {
  test("are what the vendor's library sends, besides what is newer than its types", async () => {
    toWireTool(read) satisfies Tool;
    const schema = { type: "object" };
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi", images: ["AAAA"] },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ function: { name: "read", arguments: { path: "a" } } }],
      },
      { role: "tool", content: "A", tool_name: "read" },
    ] satisfies WireMessage[];
    const expected = {
      model: "qwen3:8b",
      messages,
      tools: [toWireTool(read)],
      think: true,
      format: schema,
      keep_alive: "10m",
      options: { num_ctx: 8192, num_predict: 100, temperature: 0.5, top_p: 0.9, seed: 7, stop: ["END"] },
    };
    const call = { type: "tool_call", id: "c", name: "read", arguments: '{"path":"a"}' } as const;
    const result = { type: "tool_result", callId: "c", name: "read", isError: false } as const;
    const sent = bodyOf(
      {
        system: "Be brief.",
        messages: [
          { role: "user", parts: [{ type: "text", text: "Hi" }, pixel] },
          { role: "assistant", parts: [call] },
          { role: "tool", parts: [{ ...result, content: [{ type: "text", text: "A" }] }] },
        ],
        tools: [read],
        toolChoice: "auto",
        maxOutputTokens: 100,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stopSequences: ["END"],
        reasoning: "medium",
        outputSchema: { name: "answer", schema },
      },
      { keepAlive: "10m", options: { num_ctx: 8192 } },
    );

    expect(sent).toMatchObject({ truncate: false, shift: false });
    expect(asOfTheLibrary(sent)).toEqual(await sdkBody(expected));
  });

  test("ask for no more than the request does", () => {
    expect(bodyOf(plain)).toEqual({
      model: "qwen3:8b",
      stream: true,
      truncate: false,
      shift: false,
      messages: [{ role: "user", content: "Hi" }],
    });
  });

  test.each([
    ["switch", "none", false],
    ["switch", "low", true],
    ["level", "none", "low"],
    ["level", "high", "high"],
    ["none", "high", undefined],
  ] as const)("tell a model that thinks by %s to think %s", (thinking, reasoning, think) => {
    expect(Object(bodyOf({ ...plain, reasoning }, { thinking })).think).toBe(think);
  });

  test("leave tools out when none may be called, and refuse to force one", () => {
    expect(bodyOf({ ...plain, tools: [read], toolChoice: "none" })).toEqual(bodyOf(plain));
    for (const toolChoice of ["required", { name: "read" }] as const) {
      expect(() => bodyOf({ ...plain, tools: [read], toolChoice })).toThrow(
        expect.objectContaining({ code: "model.unsupported_content" }),
      );
    }
  });

  test("ask for any JSON where the schema need not be enforced", () => {
    const outputSchema = { name: "answer", schema: {}, strict: false };

    expect(bodyOf({ ...plain, outputSchema })).toMatchObject({ format: "json" });
  });

  test("merge the options for this protocol, and let them win", () => {
    const ollama = { keep_alive: -1, truncate: true, options: { num_ctx: 4096, top_k: 3 } };

    expect(
      bodyOf({ ...plain, temperature: 1, providerOptions: { ollama } }, { options: { num_ctx: 8192 } }),
    ).toMatchObject({ keep_alive: -1, truncate: true, options: { num_ctx: 4096, temperature: 1, top_k: 3 } });
  });
});

describe("Ollama messages", () => {
  const call = { type: "tool_call", id: "c", name: "read", arguments: "{" } as const;

  test("carry back what the model thought, and not what another one did", () => {
    const own = { type: "thinking", text: "Hm.", providerData: toPartData() } as const;
    const foreign = { type: "thinking", text: "Ah.", signature: "s" } as const;
    const item = {
      type: "provider_item",
      kind: "search",
      providerData: { protocol: "gemini", data: {} },
    } as const;
    const text = { type: "text", text: "Yes." } as const;

    expect(
      messagesOf(
        { role: "assistant", parts: [foreign, own, item, text] },
        { role: "assistant", parts: [foreign] },
      ),
    ).toEqual([{ role: "assistant", content: "Yes.", thinking: "Hm." }]);
  });

  test("keep broken arguments as a text, and mark a failed call", () => {
    const content = [{ type: "text", text: "No such file." }] as const;
    const result = { type: "tool_result", callId: "c", name: "read", content, isError: true } as const;

    expect(messagesOf({ role: "assistant", parts: [call] }, { role: "tool", parts: [result] })).toEqual([
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "c", function: { name: "read", arguments: { invalid_json: "{" } } }],
      },
      { role: "tool", content: "[tool error] No such file.", tool_name: "read", tool_call_id: "c" },
    ]);
  });

  test("show the pictures of a result behind all results", () => {
    const result = { type: "tool_result", callId: "c", name: "read", isError: false } as const;
    const parts = [
      { ...result, content: [pixel] },
      { ...result, content: [{ type: "text", text: "B" }] },
    ] as const;

    expect(messagesOf({ role: "tool", parts })).toEqual([
      { role: "tool", content: "See the pictures that follow.", tool_name: "read", tool_call_id: "c" },
      { role: "tool", content: "B", tool_name: "read", tool_call_id: "c" },
      { role: "user", content: "From the result of read:", images: ["AAAA"] },
    ]);
  });

  test("put a text file among the text", () => {
    const data = Buffer.from("content").toString("base64");
    const file = {
      type: "file",
      mediaType: "text/plain",
      name: "a.txt",
      source: { kind: "base64", data },
    } as const;

    expect(messagesOf({ role: "user", parts: [{ type: "text", text: "Read:" }, file] })).toEqual([
      { role: "user", content: "Read:\na.txt:\ncontent" },
    ]);
  });

  test.each([
    [
      { type: "image", mediaType: "image/png", source: { kind: "url", url: "https://a" } },
      "image/png by address",
    ],
    [{ type: "audio", mediaType: "audio/wav", source: { kind: "base64", data: "" } }, "audio/wav by value"],
    [
      { type: "file", mediaType: "application/pdf", source: { kind: "base64", data: "" } },
      "application/pdf by value",
    ],
  ] as const)("refuse %j", (part, what) => {
    expect(() => messagesOf({ role: "user", parts: [part] })).toThrow(
      expect.objectContaining({
        code: "model.unsupported_content",
        message: expect.stringContaining(`takes text and pictures by value, not ${what}`),
      }),
    );
  });
});
