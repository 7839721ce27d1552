import type { JsonObject, ModelEvent } from "@tau/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createHttpTransport } from "../http/http-transport.ts";
import { startLoopback } from "../testing/loopback.ts";
import { readAll } from "../testing/read-all.ts";
import { SseParser } from "../sse/sse-parser.ts";
import { OpenAiChatDecoder } from "./decoder.ts";
import { compatibleDialect } from "./dialect.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { createOpenAiChat } from "./openai-chat.ts";
import { dialectOf, findProvider, openRouterDialect } from "./providers.ts";

function decode(chunks: readonly JsonObject[], dialect: OpenAiChatDialect = compatibleDialect) {
  const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
  return decodeBytes([Buffer.from(`${text}data: [DONE]\n\n`)], dialect);
}

function decodeBytes(pieces: readonly Buffer[], dialect: OpenAiChatDialect = compatibleDialect) {
  const decoder = new OpenAiChatDecoder({
    identity: { provider: "local", model: "asked-for" },
    dialect,
    toError: (body) => new Error(body),
  });
  const parser = new SseParser(decoder, 1_000_000);
  const events: ModelEvent[] = [];
  for (const piece of pieces) {
    parser.push([piece]);
    events.push(...decoder.take());
  }
  return { events, finished: decoder.finished, decoder };
}

const delta = (fields: JsonObject): JsonObject => ({ choices: [{ index: 0, delta: fields }] });
const end = (reason: string): JsonObject => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const call = (fields: JsonObject): JsonObject => delta({ tool_calls: [fields] });

describe("compatible servers", () => {
  test.each(["reasoning_content", "reasoning"])("think in the field %s", (field) => {
    const { events, finished } = decode([delta({ [field]: "hm" }), delta({ content: "Hi" }), end("stop")]);

    expect(events[0]).toEqual({ type: "thinking_delta", text: "hm" });
    expect(finished?.message.parts).toEqual([
      { type: "thinking", text: "hm" },
      { type: "text", text: "Hi" },
    ]);
  });

  test("send content as a list of parts", () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const { finished } = decode([
      delta({ content: [thought] }),
      delta({ content: [{ type: "text", text: "Hi" }] }),
      delta({ content: "!" }),
      end("stop"),
    ]);

    expect(finished?.message.parts).toEqual([
      { type: "thinking", text: "hm" },
      { type: "text", text: "Hi!" },
    ]);
  });

  test("interleave parallel tool calls", () => {
    const { finished } = decode([
      call({ index: 0, id: "a", function: { name: "x", arguments: '{"p"' } }),
      call({ index: 1, id: "b", function: { name: "y", arguments: "" } }),
      call({ index: 0, function: { arguments: ":1}" } }),
      call({ index: 1, function: { arguments: "{}" } }),
      end("tool_calls"),
    ]);

    expect(finished?.message.parts).toEqual([
      { type: "tool_call", id: "a", name: "x", arguments: '{"p":1}' },
      { type: "tool_call", id: "b", name: "y", arguments: "{}" },
    ]);
  });

  test.each([
    ["give every call the index 0", { index: 0 }],
    ["give no index", {}],
  ])("%s, and new ids", (_name, index) => {
    const { finished } = decode([
      call({ ...index, id: "a", function: { name: "x", arguments: "{}" } }),
      call({ ...index, id: "b", function: { name: "y", arguments: '{"q":2}' } }),
      end("stop"),
    ]);

    expect(finished?.stopReason).toBe("tool_calls");
    expect(finished?.message.parts).toMatchObject([
      { id: "a", name: "x", arguments: "{}" },
      { id: "b", name: "y", arguments: '{"q":2}' },
    ]);
  });

  test("send calls without an id, without arguments, or with parsed arguments", () => {
    const { finished } = decode([
      call({ index: 0, function: { name: "x" } }),
      call({ index: 1, id: "b", function: { name: "y", arguments: { q: 2 } } }),
      call({ index: 2, id: "c", function: { name: "z", arguments: "null" } }),
      end("tool_calls"),
    ]);

    expect(finished?.message.parts).toMatchObject([
      { id: "call_0", name: "x", arguments: "{}" },
      { id: "b", name: "y", arguments: '{"q":2}' },
      { id: "c", name: "z", arguments: "{}" },
    ]);
  });

  test("tell a call in another order: arguments, then its name, then its id", () => {
    const { events, finished } = decode([
      call({ index: 0, function: { arguments: '{"q"' } }),
      call({ index: 1, id: "b", function: { name: "y", arguments: "{}" } }),
      call({ index: 0, function: { name: "x", arguments: ":1" } }),
      call({ index: 0, id: "late", function: { arguments: "}" } }),
      end("tool_calls"),
    ]);

    expect(finished?.message.parts).toMatchObject([
      { id: "call_0", name: "x", arguments: '{"q":1}' },
      { id: "b", name: "y", arguments: "{}" },
    ]);
    expect(events.slice(0, -1)).toEqual([
      { type: "tool_call_started", index: 1, id: "b", name: "y" },
      { type: "tool_call_delta", index: 1, fragment: "{}" },
      { type: "tool_call_started", index: 0, id: "call_0", name: "x" },
      { type: "tool_call_delta", index: 0, fragment: '{"q"' },
      { type: "tool_call_delta", index: 0, fragment: ":1" },
      { type: "tool_call_delta", index: 0, fragment: "}" },
    ]);
  });

  test("count what cannot be counted as nothing, and never more than can be added up", () => {
    const usage = { prompt_tokens: 1e20, completion_tokens: -3, total_tokens: "7" };
    const { finished } = decode([{ ...end("stop"), usage }]);

    expect(finished?.usage).toMatchObject({ inputTokens: 1e12, outputTokens: 0, reasoningTokens: 0 });
  });

  test("report usage in their own places", () => {
    const usage = { prompt_tokens: 5, completion_tokens: 2 };
    const groq = decode([delta({ content: "a" }), { ...end("stop"), x_groq: { usage } }]);
    const deepSeek = decode([{ ...end("stop"), usage: { ...usage, prompt_cache_hit_tokens: 3 } }]);

    expect(groq.finished?.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
    expect(deepSeek.finished?.usage).toMatchObject({ inputTokens: 5, cacheReadTokens: 3 });
  });

  test("count thinking beside what is said, which the sum shows, and name cached tokens as they like", () => {
    const usage = { prompt_tokens: 12, completion_tokens: 2, total_tokens: 354 };
    const xai = { ...usage, completion_tokens_details: { reasoning_tokens: 340 } };
    const usageOf = (told: JsonObject): unknown => decode([{ ...end("stop"), usage: told }]).finished?.usage;

    expect(usageOf(xai)).toMatchObject({ outputTokens: 342, reasoningTokens: 340 });
    expect(usageOf({ ...xai, total_tokens: 14 })).toMatchObject({ outputTokens: 2 });
    expect(usageOf({ ...usage, cached_tokens: 3 })).toMatchObject({ cacheReadTokens: 3 });
    expect(usageOf({ ...usage, num_cached_tokens: 4 })).toMatchObject({ cacheReadTokens: 4 });
  });

  test("send thinking in details, which are put together to be sent back", () => {
    const details = (...list: readonly JsonObject[]): JsonObject => delta({ reasoning_details: list });
    const text = { type: "reasoning.text", index: 0, format: "f" };
    const { events, finished } = decode(
      [
        details({ ...text, text: "h", signature: null }),
        details({ ...text, text: "m", id: "" }),
        details({ type: "reasoning.text", index: 0, signature: "sig" }),
        details({ type: "reasoning.encrypted", index: 1, data: "A" }),
        details({ type: "reasoning.encrypted", index: 1, data: "B" }),
        delta({ content: "Hi" }),
        end("stop"),
      ],
      openRouterDialect,
    );

    expect(events.slice(0, 2)).toEqual([
      { type: "thinking_delta", text: "h" },
      { type: "thinking_delta", text: "m" },
    ]);
    expect(finished?.message.parts[0]).toEqual({
      type: "thinking",
      text: "hm",
      providerData: {
        protocol: "openai-chat",
        data: {
          provider: "local",
          fields: {
            reasoning_details: [
              { ...text, text: "hm", signature: "sig" },
              { type: "reasoning.encrypted", index: 1, data: "A" },
              { type: "reasoning.encrypted", index: 1, data: "B" },
            ],
          },
        },
      },
    });
  });

  test("send details whole, which stay as they are", () => {
    const details = ["a", "b"].map((text) => ({ type: "reasoning.text", index: 0, text }));
    const { decoder } = decodeBytes([], openRouterDialect);
    decoder.readAnswer({ choices: [{ message: { content: "Hi", reasoning_details: details } }] });

    expect(decoder.finished?.message.parts[0]).toMatchObject({
      text: "ab",
      providerData: { data: { fields: { reasoning_details: details } } },
    });
  });

  test("say the same thought in words and in details", () => {
    const detail = { type: "reasoning.text", text: "hm", index: 0 };
    const { events } = decode(
      [delta({ reasoning: "hm", reasoning_details: [detail] }), end("stop")],
      openRouterDialect,
    );

    expect(events[0]).toEqual({ type: "thinking_delta", text: "hm" });
    expect(events).toHaveLength(2);
  });

  test("name their sources in the message or beside it", () => {
    const url = { url: "https://a", title: "A", content: "words", start_index: 1, end_index: 2 };
    const annotations = [
      { type: "url_citation", url_citation: url },
      { type: "url_citation", url_citation: { url: "https://b", start_index: 0, end_index: 0 } },
      { type: "file", file: {} },
    ];
    const inside = decode([delta({ content: "🎉b" }), delta({ annotations }), end("stop")]);
    const beside = decode([
      { citations: ["https://a"], ...delta({ content: "Hi" }) },
      { citations: ["https://a", "https://b"], ...end("stop") },
    ]);
    const found = decode([
      {
        search_results: [{ url: "https://a", title: "A" }],
        citations: ["https://a"],
        ...delta({ content: "Hi" }),
      },
      end("stop"),
    ]);

    expect(inside.finished?.message.parts).toMatchObject([
      {
        citations: [{ url: "https://a", title: "A", quote: "words", start: 2, end: 3 }, { url: "https://b" }],
      },
    ]);
    expect(beside.finished?.message.parts).toMatchObject([
      { citations: [{ url: "https://a" }, { url: "https://b" }] },
    ]);
    expect(found.finished?.message.parts).toMatchObject([{ citations: [{ url: "https://a", title: "A" }] }]);
  });

  test("send pictures, and what their tools did", () => {
    const images = ["data:image/webp;base64,AAAA", "https://a/b.png", ""].map((url) => ({
      type: "image_url",
      image_url: { url },
    }));
    const { finished } = decode(
      [
        delta({ executed_tools: [{ index: 0, type: "search" }] }),
        delta({
          executed_tools: [
            { index: 0, type: "search", output: "found" },
            { index: 1, type: "visit" },
          ],
        }),
        delta({ images }),
        end("stop"),
      ],
      dialectOf(findProvider("groq")),
    );

    expect(finished?.message.parts).toEqual([
      ...[
        { index: 0, type: "search", output: "found" },
        { index: 1, type: "visit" },
      ].map((data) => ({
        type: "provider_item",
        kind: "executed_tools",
        providerData: { protocol: "openai-chat", data },
      })),
      { type: "image", mediaType: "image/webp", source: { kind: "base64", data: "AAAA" } },
      { type: "image", mediaType: "image/png", source: { kind: "url", url: "https://a/b.png" } },
    ]);
  });

  test("call one function as it was done before there were several", () => {
    const { events, finished } = decode([
      delta({ function_call: { name: "x", arguments: "" } }),
      delta({ function_call: { arguments: "{}" } }),
      delta({ function_call: { name: "", arguments: "" }, content: null }),
      end("function_call"),
    ]);

    expect(events.map(({ type }) => type)).toEqual(["tool_call_started", "tool_call_delta", "finished"]);
    expect(finished).toMatchObject({
      stopReason: "tool_calls",
      message: { parts: [{ type: "tool_call", id: "call_0", name: "x", arguments: "{}" }] },
    });
  });

  test("want something of their own back with calls and text", () => {
    const extra_content = { google: { thought_signature: "s" } };
    const { finished } = decode([
      delta({ content: "Hi", extra_content }),
      call({ index: 0, id: "a", function: { name: "x", arguments: "{}" }, extra_content }),
      end("tool_calls"),
    ]);
    const providerData = { protocol: "openai-chat", data: { provider: "local", fields: { extra_content } } };

    expect(finished?.message.parts).toMatchObject([
      { type: "text", providerData },
      { type: "tool_call", providerData },
    ]);
  });

  test("may not say why they ended, if the dialect says so", () => {
    const unreasoned = { ...compatibleDialect, finishReason: false };

    expect(decode([delta({ content: "Hi" })], unreasoned).finished?.stopReason).toBe("stop");
    expect(decode([delta({ content: "Hi" }), end("length")], unreasoned).finished?.stopReason).toBe("length");
  });

  test("pad their chunks in a field of their own", () => {
    const chunk = (text: string, p: string): string =>
      `data: {"choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}],"p":"${p}"}\n\n`;
    const source = chunk("a", "abc") + chunk("b", "abcdefg") + chunk("c", "");
    const { events, decoder } = decodeBytes([Buffer.from(source)]);

    expect(events).toEqual(["a", "b", "c"].map((text) => ({ type: "text_delta", text })));
    expect(decoder.shortcut(chunk("d", "x"), 0)).toBe(chunk("d", "x").length);
  });

  test("may not say which model answered", () => {
    expect(decode([end("stop")]).finished?.model).toBe("asked-for");
  });

  test("may end without a marker, if the dialect says so", async () => {
    const body = `data: ${JSON.stringify(delta({ content: "Hi" }))}\n\ndata: ${JSON.stringify(end("stop"))}\n\n`;
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(body);
    });
    await using transport = createHttpTransport();
    const options = { baseUrl: server.url, model: "any", transport };

    const { finished } = await readAll(createOpenAiChat({ ...options, dialect: { doneMarker: false } }));

    expect(finished.message.parts).toEqual([{ type: "text", text: "Hi" }]);
    await expect(readAll(createOpenAiChat(options))).rejects.toMatchObject({ code: "model.truncated" });
  });

  test("fail in the middle of the stream", () => {
    expect(() => decode([delta({ content: "Hi" }), { error: { message: "Overloaded" } }])).toThrow(
      /Overloaded/,
    );
    expect(() => decode([{ error: { code: 502 }, ...end("error") }])).toThrow(/502/);
    expect(() => decode([delta({ content: "no reason" })])).toThrow(
      expect.objectContaining({ code: "model.truncated" }),
    );
  });

  test("cannot make the decoder hang, crash or finish with noise", () => {
    const line = fc.oneof(
      fc.json().map((json) => `data: ${json}\n\n`),
      fc.constantFrom(
        "data: {",
        "\n\n",
        "data: []\n\n",
        'data: {"choices":[null,1,{"delta":[]}]}\n\n',
        ": x\n",
      ),
      fc
        .record({ choices: fc.array(fc.record({ index: fc.nat(1), delta: fc.object() })) })
        .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        let result: ReturnType<typeof decodeBytes> | undefined;
        try {
          result = decodeBytes(lines.map((text) => Buffer.from(text)));
        } catch (error) {
          expect(error).not.toBeInstanceOf(TypeError);
        }

        expect(result?.finished).toBeUndefined();
      }),
    );
  });
});
