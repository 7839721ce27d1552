import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import type { ConverseStreamMetadataEvent, TokenUsage } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { createHttpTransport } from "@tau/agent";
import type { Model } from "@tau/agent";
import { randomSplits, readAll, seededRandom, sendPieces, startLoopback } from "@tau/agent/testing";
import { isJsonObject, parseJson } from "@tau/core";
import type { AssistantPart, ModelFinished } from "@tau/core";
import { describe, expect, test } from "vitest";

import { createBedrockConverse } from "./bedrock-converse.ts";
import { ConverseDecoder } from "./converse-decoder.ts";
import { EventStreamParser } from "./event-stream-parser.ts";
import { toContentJson } from "./message-content.ts";
import { familyOf } from "./model-family.ts";
import { readRecordings } from "./recordings.test.support.ts";
import type { Recording } from "./recordings.test.support.ts";

const recordings = readRecordings();
/** Shortened by hand: the usage, which ends every stream of the service, is missing. */
const shortened = /amazon-bedrock-json-(?:tool|with-tools?)\.\d\.chunks/;
const answers = recordings.filter(({ kind, name }) => kind !== "error" && !shortened.test(name));
const streams = answers.filter(({ kind }) => kind === "stream");

const reasons: Readonly<Record<string, string>> = {
  end_turn: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  guardrail_intervened: "content_filtered",
};

/** Serves every recording, chosen by the number in the model's id; streams in random pieces. */
async function startReplay(
  cut: (recording: Recording, index: number) => Buffer = ({ body }) => body,
): Promise<AsyncDisposable & { readonly url: string }> {
  return await startLoopback(async (request, response) => {
    const index = Number(/\/replay-(\d+)-/.exec(request.url ?? "")?.[1]);
    const recording = recordings[index];
    if (recording === undefined) throw new Error("No such recording.");
    response.writeHead(recording.status, recording.headers);
    const body = cut(recording, index);
    await sendPieces(
      response,
      recording.kind === "stream" ? randomSplits(body, seededRandom(index)) : [body],
    );
  });
}

function idOf(recording: Recording): string {
  return `replay-${recordings.indexOf(recording)}-.${recording.model}`;
}

function modelOf(recording: Recording, baseUrl: string, transport = createHttpTransport()): Model {
  return createBedrockConverse({
    baseUrl,
    model: idOf(recording),
    region: "us-east-1",
    apiKey: "key",
    transport,
  });
}

/** What the vendor's own library reads of the same answer. */
interface SdkAnswer {
  readonly content: readonly unknown[];
  readonly stopReason: string | undefined;
  readonly usage: TokenUsage | undefined;
  readonly trace: unknown;
}

async function sdkAnswer(recording: Recording, endpoint: string): Promise<SdkAnswer> {
  const client = new BedrockRuntimeClient({
    endpoint,
    region: "us-east-1",
    maxAttempts: 1,
    // Its own choice is HTTP/2.
    requestHandler: new NodeHttpHandler(),
    credentials: { accessKeyId: "AKID", secretAccessKey: "secret" },
  });
  const input = {
    modelId: idOf(recording),
    messages: [{ role: "user" as const, content: [{ text: "hi" }] }],
  };
  try {
    if (recording.kind !== "stream") {
      const { output, stopReason, usage, trace } = await client.send(new ConverseCommand(input));
      return { content: output?.message?.content ?? [], stopReason, usage, trace };
    }
    return await sdkStream(client, input);
  } finally {
    client.destroy();
  }
}

/** The library hands out events; putting them together is left to whoever uses it. */
async function sdkStream(
  client: BedrockRuntimeClient,
  input: ConstructorParameters<typeof ConverseStreamCommand>[0],
): Promise<SdkAnswer> {
  const blocks: Record<string, unknown>[] = [];
  let stopReason: string | undefined;
  let metadata: ConverseStreamMetadataEvent | undefined;
  const { stream = [] } = await client.send(new ConverseStreamCommand(input));
  for await (const event of stream) {
    if (event.contentBlockStart) {
      const { start, contentBlockIndex = 0 } = event.contentBlockStart;
      blocks[contentBlockIndex] = { ...Object(start) };
    }
    if (event.contentBlockDelta) {
      const { delta, contentBlockIndex = 0 } = event.contentBlockDelta;
      blocks[contentBlockIndex] = grown(blocks[contentBlockIndex] ?? {}, Object(delta));
    }
    stopReason = event.messageStop?.stopReason ?? stopReason;
    metadata = event.metadata ?? metadata;
  }
  return {
    content: blocks.filter(Boolean).map(settled),
    stopReason,
    usage: metadata?.usage,
    trace: metadata?.trace,
  };
}

function grown(block: Record<string, unknown>, delta: Record<string, unknown>): Record<string, unknown> {
  const of = (name: string): Record<string, unknown> => Object(block[name] ?? {});
  if (typeof delta["text"] === "string") return { ...block, text: textOf(block["text"]) + delta["text"] };
  if (delta["toolUse"]) {
    const input = textOf(of("toolUse")["input"]) + textOf(Object(delta["toolUse"]).input);
    return { ...block, toolUse: { ...of("toolUse"), input } };
  }
  if (delta["toolResult"]) {
    return { ...block, toolResult: { ...of("toolResult"), content: delta["toolResult"] } };
  }
  if (delta["reasoningContent"]) {
    const { text = "", signature, redactedContent } = Object(delta["reasoningContent"]);
    if (redactedContent) return { reasoningContent: { redactedContent } };
    const known = Object(of("reasoningContent")["reasoningText"] ?? {});
    const reasoningText = {
      ...known,
      text: `${known.text ?? ""}${text}`,
      ...(signature ? { signature } : {}),
    };
    return { reasoningContent: { reasoningText } };
  }
  return block;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Inputs arrive as text. */
function settled(block: Record<string, unknown>): unknown {
  const toolUse = Object(block["toolUse"] ?? {});
  return "toolUse" in block ? { toolUse: { ...toolUse, input: JSON.parse(toolUse.input || "{}") } } : block;
}

/** The library's answer in Tau's words. */
function expectedOf({ content, stopReason, usage, trace }: SdkAnswer): unknown {
  const read = usage?.cacheReadInputTokens ?? 0;
  const written = usage?.cacheWriteInputTokens ?? 0;
  return {
    parts: content.flatMap((block) => expectedPart(Object(block))),
    reason: reasons[stopReason ?? ""],
    trace: trace === undefined ? undefined : JSON.parse(JSON.stringify(trace)),
    usage: {
      inputTokens: (usage?.inputTokens ?? 0) + read + written,
      outputTokens: usage?.outputTokens ?? 0,
      cacheReadTokens: read,
      cacheWriteTokens: written,
      reasoningTokens: 0,
    },
  };
}

function expectedPart(block: Record<string, unknown>): readonly unknown[] {
  if (typeof block["text"] === "string")
    return block["text"] === "" ? [] : [{ type: "text", text: block["text"] }];
  const { toolUse, toolResult, reasoningContent } = block;
  if (toolUse) {
    const { toolUseId: id, name, input, type } = Object(toolUse);
    if (type === "server_tool_use") return [{ type: "provider_item", kind: "toolUse", item: toolUse }];
    return [{ type: "tool_call", id, name, arguments: input }];
  }
  if (toolResult) return [{ type: "provider_item", kind: "toolResult", item: toolResult }];
  const { reasoningText, redactedContent } = Object(reasoningContent);
  if (redactedContent) {
    return [{ type: "thinking", text: "", redacted: Buffer.from(redactedContent).toString("base64") }];
  }
  const { text, signature } = Object(reasoningText);
  return [{ type: "thinking", text, ...(signature ? { signature } : {}) }];
}

function summaryOf({ message, stopReason, usage, stopDetails }: ModelFinished): unknown {
  return { parts: message.parts.map(partSummary), reason: stopReason, trace: stopDetails?.["trace"], usage };
}

function partSummary(part: AssistantPart): unknown {
  switch (part.type) {
    case "tool_call": {
      const parsed = parseJson(part.arguments);
      return { ...part, arguments: parsed.ok && isJsonObject(parsed.value) ? parsed.value : part.arguments };
    }
    case "thinking": {
      const { providerData: _vendor, ...thinking } = part;
      return thinking;
    }
    case "provider_item":
      return { type: part.type, kind: part.kind, item: part.providerData.data[part.kind] };
    default:
      return part;
  }
}

describe("createBedrockConverse() on recorded answers", () => {
  test("has every recording at hand", () => {
    const count = (kind: Recording["kind"]): number => recordings.filter((one) => one.kind === kind).length;

    expect([count("stream"), count("whole"), count("error")]).toEqual([54, 259, 11]);
    expect(recordings.length - count("error") - answers.length).toBe(5);
  });

  test("reads the same answer as the vendor's library, however the bytes are cut", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay();
    for (const recording of answers) {
      const { events, finished } = await readAll(modelOf(recording, replay.url, transport));

      expect
        .soft(summaryOf(finished), recording.name)
        .toEqual(expectedOf(await sdkAnswer(recording, replay.url)));
      const said = events.map((event) => (event.type === "text_delta" ? event.text : "")).join("");
      const texts = finished.message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      expect.soft(said, recording.name).toBe(texts);
    }
  });

  test("sends back what it read, block by block", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay();
    for (const recording of answers) {
      const { finished } = await readAll(modelOf(recording, replay.url, transport));
      const identity = { provider: "bedrock", model: recording.model };
      const options = { identity, family: familyOf(recording.model), citeDocuments: false };

      const content: unknown = JSON.parse(`[${toContentJson(finished.message, options)}]`);

      const read = await sdkAnswer(recording, replay.url);
      expect.soft(content, recording.name).toEqual(read.content.flatMap((block) => sendable(Object(block))));
    }
  });

  test("is complete with the last byte and not one byte earlier", () => {
    const identity = { provider: "bedrock", model: "any" };
    for (const { name, body } of streams) {
      const decoder = new ConverseDecoder({ identity, family: familyOf("") }, (text) => new Error(text));
      const parser = new EventStreamParser(decoder, 1_000_000, identity);
      for (let at = 0; at < body.length - 1; at++) parser.push([body.subarray(at, at + 1)]);
      expect.soft(decoder.finished, name).toBeUndefined();

      parser.push([body.subarray(-1)]);

      expect.soft(decoder.finished?.type, name).toBe("finished");
    }
  });

  test("throws when the answer ends early, even if it ends properly", async () => {
    await using transport = createHttpTransport();
    await using replay = await startReplay(({ body }, index) =>
      // The white space that may follow a whole answer is none of it.
      body.subarray(0, seededRandom(index)(body.toString("latin1").trimEnd().length)),
    );
    for (const recording of answers) {
      const code = recording.kind === "stream" ? "model.truncated" : "model.parse";

      await expect
        .soft(readAll(modelOf(recording, replay.url, transport)), recording.name)
        .rejects.toMatchObject({ code });
    }
  });

  test("takes no stream whose usage is missing for a whole one", async () => {
    await using replay = await startReplay();
    for (const recording of recordings.filter(({ name }) => shortened.test(name))) {
      await expect(readAll(modelOf(recording, replay.url))).rejects.toMatchObject({
        code: "model.truncated",
      });
    }
  });

  test("refuses a stream of which a single bit was changed", () => {
    const identity = { provider: "bedrock", model: "any" };
    for (const [index, { name, body }] of streams.entries()) {
      const random = seededRandom(index);
      for (let round = 0; round < 40; round++) {
        const damaged = Buffer.from(body);
        const place = random(damaged.length);
        damaged[place] = (damaged[place] ?? 0) ^ (1 << random(8));
        const decoder = new ConverseDecoder({ identity, family: familyOf("") }, (text) => new Error(text));
        const parser = new EventStreamParser(decoder, 1_000_000, identity);

        expect
          .soft(() => parser.push([damaged]), `${name} ${place}`)
          .toThrow(expect.objectContaining({ code: "model.parse" }));
        expect.soft(decoder.finished).toBeUndefined();
      }
    }
  });

  test("maps every recorded refusal to its code", async () => {
    await using replay = await startReplay();
    const codes: string[] = [];
    for (const recording of recordings.filter(({ kind }) => kind === "error")) {
      const failed = await readAll(modelOf(recording, replay.url)).catch((error: unknown) => error);
      codes.push(Object(failed).code);
    }

    expect(codes.filter((code) => code === "model.not_found")).toHaveLength(4);
    expect(codes.filter((code) => code === "model.invalid_request")).toHaveLength(7);
  });
});

/** A block as it goes back: nothing for empty text and unsigned thinking, and no `type` of usual calls. */
function sendable(block: Record<string, unknown>): readonly unknown[] {
  const { text, toolUse, reasoningContent } = block;
  if (typeof text === "string") return text.trim() === "" ? [] : [{ text }];
  if (toolUse && Object(toolUse).type !== "server_tool_use") {
    const { toolUseId, name, input } = Object(toolUse);
    return [{ toolUse: { toolUseId, name, input } }];
  }
  if (!reasoningContent) return [block];
  const { redactedContent, reasoningText } = Object(reasoningContent);
  if (redactedContent) {
    return [{ reasoningContent: { redactedContent: Buffer.from(redactedContent).toString("base64") } }];
  }
  return Object(reasoningText).signature ? [block] : [];
}
