import { createHttpTransport } from "@tau/agent";
import { readAll, startLoopback } from "@tau/agent/testing";
import type { AssistantPart, ModelEvent, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import { toContentJson } from "./message-content.ts";
import { familyOf } from "./model-family.ts";
import { frame } from "./recordings.test.support.ts";

type Event = readonly [name: string, body: object];
const claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const usage: Event = ["metadata", { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }];
const stop = (stopReason: string): readonly Event[] => [["messageStop", { stopReason }], usage];
const delta = (contentBlockIndex: number, body: object): Event => [
  "contentBlockDelta",
  { contentBlockIndex, delta: body },
];
const start = (contentBlockIndex: number, body: object): Event => [
  "contentBlockStart",
  { contentBlockIndex, start: body },
];

interface Read {
  readonly events: readonly ModelEvent[];
  readonly finished: ModelFinished;
}

async function read(body: Buffer, contentType: string, model = claude): Promise<Read> {
  await using transport = createHttpTransport();
  await using server = await startLoopback((_request, response) => {
    response.writeHead(200, { "content-type": contentType });
    response.end(body);
  });
  return await readAll(
    createBedrockConverse({ baseUrl: server.url, region: "us-east-1", model, apiKey: "k", transport }),
  );
}

/** Reads an answer that is streamed. */
async function stream(events: readonly Event[], model?: string): Promise<Read> {
  const frames = events.map(([name, body]) => frame("event", name, JSON.stringify(body)));
  return await read(Buffer.concat(frames), "application/vnd.amazon.eventstream", model);
}

/** Reads an answer that came whole. */
async function whole(content: readonly object[], stopReason = "end_turn", model?: string): Promise<Read> {
  const body = { output: { message: { role: "assistant", content } }, stopReason, usage: usage[1] };
  return await read(Buffer.from(JSON.stringify(body)), "application/json", model);
}

function sentBack(parts: readonly AssistantPart[], model = claude): unknown {
  const options = { identity: { provider: "p", model }, family: familyOf(model), citeDocuments: false };
  return JSON.parse(`[${toContentJson({ role: "assistant", parts }, options)}]`);
}

describe("Converse answers", () => {
  test("name calls that came without an id, and are refused with calls without a name", async () => {
    const { finished } = await whole([{ toolUse: { name: "read", input: {} } }], "tool_use");

    expect(finished.message.parts).toEqual([
      { type: "tool_call", id: "call_0", name: "read", arguments: "{}" },
    ]);
    await expect(whole([{ toolUse: { toolUseId: "a", input: {} } }], "tool_use")).rejects.toMatchObject({
      code: "model.parse",
    });
  });

  test("keep citations, and carry them back", async () => {
    const citation = {
      title: "Tau",
      sourceContent: [{ text: "two " }, { text: "pi" }],
      location: { web: { url: "https://tau.example", domain: "tau.example" } },
    };
    const streamed = await stream([delta(0, { text: "6.28" }), delta(0, { citation }), ...stop("end_turn")]);
    const block = { citationsContent: { content: [{ text: "6.28" }], citations: [citation] } };
    const once = await whole([block]);

    for (const { events, finished } of [streamed, once]) {
      expect(events[0]).toEqual({ type: "text_delta", text: "6.28" });
      expect(finished.message.parts).toMatchObject([
        {
          type: "text",
          text: "6.28",
          citations: [{ url: "https://tau.example", title: "Tau", quote: "two pi" }],
        },
      ]);
      expect(sentBack(finished.message.parts)).toEqual([block]);
    }
  });

  test("keep tools that ran at the provider, and carry them back", async () => {
    const use = { toolUseId: "t", name: "nova_grounding", type: "server_tool_use" };
    const result = { toolUseId: "t", type: "nova_grounding_result", status: "success" };
    const content = [{ json: { found: 1 } }];
    const blocks = [{ toolUse: { ...use, input: { q: "Tau" } } }, { toolResult: { ...result, content } }];
    const model = "us.amazon.nova-2-lite-v1:0";
    const streamed = await stream(
      [
        start(0, { toolUse: use }),
        delta(0, { toolUse: { input: '{"q":' } }),
        delta(0, { toolUse: { input: '"Tau"}' } }),
        start(1, { toolResult: result }),
        delta(1, { toolResult: content }),
        ...stop("end_turn"),
      ],
      model,
    );

    for (const { events, finished } of [streamed, await whole(blocks, "end_turn", model)]) {
      expect(events).toHaveLength(1);
      expect(finished.message.parts).toMatchObject([
        { type: "provider_item", kind: "toolUse" },
        { type: "provider_item", kind: "toolResult" },
      ]);
      expect(sentBack(finished.message.parts, model)).toEqual(blocks);
    }
  });

  test("give thinking back only to the vendor that made it", async () => {
    const events = [
      delta(0, { reasoningContent: { text: "Hm" } }),
      delta(0, { reasoningContent: { signature: "sig" } }),
      delta(1, { reasoningContent: { redactedContent: "AAEC" } }),
      delta(2, { text: "Hi" }),
      ...stop("end_turn"),
    ];
    const nova = "amazon.nova-2-lite-v1:0";
    const signed = { reasoningContent: { reasoningText: { text: "Hm", signature: "sig" } } };
    const hidden = { reasoningContent: { redactedContent: "AAEC" } };
    const said = { text: "Hi" };
    const fromClaude = (await stream(events)).finished.message.parts;
    const fromNova = (await stream(events, nova)).finished.message.parts;

    expect(sentBack(fromClaude)).toEqual([signed, hidden, said]);
    expect(sentBack(fromNova, nova)).toEqual([signed, hidden, said]);
    expect(sentBack(fromClaude, nova)).toEqual([said]);
    expect(sentBack(fromNova)).toEqual([said]);
    // Claude's own interface knows the signature, and only that.
    expect(fromClaude[0]).toEqual({ type: "thinking", text: "Hm", signature: "sig" });
    const foreign = { type: "thinking", text: "", redacted: "of Anthropic's own interface" } as const;
    expect(sentBack([foreign, { type: "text", text: "Hi" }])).toEqual([said]);
  });

  test("may hold pictures, and blocks of which Tau knows nothing", async () => {
    const bytes = Buffer.from("picture").toString("base64");
    const other = { videoContent: { s3: "x" } };
    const image = { image: { format: "webp", source: { bytes } } };
    const streamed = await stream([
      start(0, { image: { format: "webp" } }),
      delta(0, { image: { source: { bytes } } }),
      ["contentBlockSomething", {}],
      ...stop("end_turn"),
    ]);
    const { finished } = await whole([image, other]);

    const part = { type: "image", mediaType: "image/webp", source: { kind: "base64", data: bytes } };
    expect(streamed.finished.message.parts).toEqual([part]);
    expect(finished.message.parts).toMatchObject([part, { type: "provider_item", kind: "videoContent" }]);
    expect(sentBack(finished.message.parts)).toEqual([other]);
  });

  test("of a given shape come out as text", async () => {
    const name = "__respond_with__";
    const streamed = await stream([
      start(0, { toolUse: { toolUseId: "t", name } }),
      delta(0, { toolUse: { input: '{"a":' } }),
      delta(0, { toolUse: { input: "1}" } }),
      ...stop("tool_use"),
    ]);
    const empty = await whole([{ toolUse: { toolUseId: "t", name, input: {} } }], "tool_use");

    expect(streamed.events.slice(0, -1)).toEqual([
      { type: "text_delta", text: '{"a":' },
      { type: "text_delta", text: "1}" },
    ]);
    expect(streamed.finished).toMatchObject({
      stopReason: "stop",
      message: { parts: [{ text: '{"a":1}' }] },
    });
    expect(empty.events[0]).toEqual({ type: "text_delta", text: "{}" });
  });

  test("say that tools are to be called, even if the model says that it is done", async () => {
    const call = { toolUse: { toolUseId: "t", name: "add", input: { a: 1 } } };

    expect((await whole([call])).finished.stopReason).toBe("tool_calls");
    expect((await whole([call], "max_tokens")).finished.stopReason).toBe("length");
    expect((await whole([call], "constructor")).finished.stopReason).toBe("tool_calls");
  });

  test("say what a guardrail found", async () => {
    const trace = { guardrail: { actionReason: "Guardrail blocked." } };
    const { finished } = await stream([
      delta(0, { text: "Sorry." }),
      ["messageStop", { stopReason: "guardrail_intervened" }],
      ["metadata", { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, trace }],
    ]);

    expect(finished).toMatchObject({ stopReason: "content_filtered", stopDetails: { trace } });
  });

  test.each(["malformed_tool_use", "malformed_model_output"])(
    "fail when they end with %s",
    async (reason) => {
      await expect(stream([delta(0, { text: "Hi" }), ...stop(reason)])).rejects.toMatchObject({
        code: "model.server_error",
        details: { providerCode: reason },
      });
    },
  );

  test("are refused when they are not the protocol", async () => {
    await expect(stream([delta(0, { toolUse: { input: "{" } })])).rejects.toMatchObject({
      code: "model.parse",
    });
    await expect(read(Buffer.from("{}"), "application/json")).rejects.toMatchObject({ code: "model.parse" });
    const list = frame("event", "messageStart", "[]");
    await expect(read(list, "application/vnd.amazon.eventstream")).rejects.toMatchObject({
      code: "model.parse",
    });
  });
});

describe("exceptions inside a stream", () => {
  const failing = async (bytes: Buffer): Promise<unknown> => {
    const first = frame("event", "contentBlockDelta", JSON.stringify(delta(0, { text: "Hi" })[1]));
    const answer = Buffer.concat([first, bytes]);
    return await read(answer, "application/vnd.amazon.eventstream").catch((error: unknown) => error);
  };

  test.each([
    ["throttlingException", "model.rate_limited", "rate_limited"],
    ["modelStreamErrorException", "model.server_error", "retryable"],
    ["internalServerException", "model.server_error", "retryable"],
    ["serviceUnavailableException", "model.overloaded", "retryable"],
    ["modelTimeoutException", "model.timeout", "retryable"],
    ["validationException", "model.invalid_request", "permanent"],
    ["somethingNewException", "model.server_error", "retryable"],
  ])("%s is %s", async (type, code, errorClass) => {
    const error = await failing(frame("exception", type, '{"message":"No."}'));

    const name = type.charAt(0).toUpperCase() + type.slice(1);
    expect(error).toMatchObject({ code, class: errorClass, details: { providerCode: name } });
  });

  test("a prompt that is too long is told from other invalid ones", async () => {
    const error = await failing(
      frame("exception", "validationException", '{"message":"Input is too long for requested model."}'),
    );

    expect(error).toMatchObject({ code: "model.context_too_long" });
  });

  test("an event larger than the limit is refused before it is read", async () => {
    await using server = await startLoopback((_request, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
      response.write(frame("event", "contentBlockDelta", "x".repeat(5000)).subarray(0, 20));
    });
    const model = createBedrockConverse({
      baseUrl: server.url,
      region: "us-east-1",
      model: "any",
      apiKey: "k",
      timeouts: { maxEventBytes: 4000 },
    });

    await expect(readAll(model)).rejects.toMatchObject({ code: "model.too_large" });
  });
});
