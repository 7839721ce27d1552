/**
 * An endpoint in the shape of OpenAI's chat completions over all ten layers: as much of a gateway as the measurement needs.
 * `node tau-gateway.ts <base url of the model>`; prints its port and ends with its input.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { createOpenAiChat } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { isJsonObject, parseJson, textOf, userText } from "@tau/core";
import type { Json, JsonObject, ModelEvent } from "@tau/core";
import { tuneCollector, tuneCompiler } from "@tau/runtime";

import { benchContext, fullChain } from "../pipeline/full-chain.ts";
import { textIn } from "./text-in.ts";

// As `tau serve` does.
tuneCollector();
tuneCompiler();
const [baseUrl = ""] = process.argv.slice(2);
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
const pipeline = fullChain(
  createOpenAiChat({ baseUrl: `${baseUrl}/v1`, apiKey: "none", model: "mock", price }),
);
const common = { id: "chatcmpl-1", created: 1, model: "mock" };

/** By its events: iterating over a request costs more than all of the rest of reading it. */
function readBody(request: IncomingMessage, heard: (body: JsonObject) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const parsed = parseJson(textIn(chunks));
    heard(parsed.ok && isJsonObject(parsed.value) ? parsed.value : {});
  });
}

/** Whoever does not want a stream is answered by a model that is not asked for one either. */
function toRequest({ messages, stream }: JsonObject): ModelRequest {
  const texts = Array.isArray(messages) ? messages : [];
  return {
    messages: texts.map((message: unknown) => userText(contentOf(message))),
    tools: [],
    maxOutputTokens: 500,
    temperature: 0,
    delivery: stream === true ? "stream" : "whole",
  };
}

function contentOf(message: unknown): string {
  const content = isJsonObject(message) ? message["content"] : undefined;
  return typeof content === "string" ? content : "";
}

/** Every chunk of an answer is the same but for its delta: it is written once. */
const [chunkStart = "", chunkEnd = ""] = chunkOf("\0").split('"\\u0000"');
/** Most pieces of text need no escapes: asking for them natively costs more than all else about a chunk. */
const plain = /^[\w ,.;:!?'()-]*$/;
const lastChunk = `${chunkOf({}, "stop")}data: [DONE]\n\n`;

function toChunks(batch: readonly ModelEvent[]): string {
  let text = "";
  for (const event of batch) {
    if (event.type === "text_delta") {
      const json = plain.test(event.text) ? `"${event.text}"` : JSON.stringify(event.text);
      text += `${chunkStart}{"content":${json}}${chunkEnd}`;
    } else if (event.type === "finished") text += lastChunk;
  }
  return text;
}

function chunkOf(delta: Json, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices })}\n\n`;
}

async function answer(body: JsonObject, response: ServerResponse): Promise<void> {
  const context = benchContext();
  if (body["stream"] === true)
    return await answerStreaming(pipeline.stream(toRequest(body), context), response);
  const { message, usage } = await pipeline.complete(toRequest(body), context);
  const choices = [
    { index: 0, message: { role: "assistant", content: textOf(message) }, finish_reason: "stop" },
  ];
  const tokens = { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens };
  const text = JSON.stringify({ ...common, object: "chat.completion", choices, usage: tokens });
  endWith(response, "application/json", text);
}

/** The head goes out with the first events: an answer that was all there at once then goes out in one piece, as JSON does. */
async function answerStreaming(
  stream: AsyncIterable<readonly ModelEvent[]>,
  response: ServerResponse,
): Promise<void> {
  const type = "text/event-stream";
  for await (const batch of stream) {
    const text = toChunks(batch);
    const isLast = batch.at(-1)?.type === "finished";
    if (isLast && !response.headersSent) endWith(response, type, text);
    else if (isLast) response.end(text);
    else {
      if (!response.headersSent) response.writeHead(200, { "content-type": type });
      response.write(text);
    }
  }
}

function endWith(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

const server = createServer((request, response) => {
  request.on("error", () => response.destroy());
  readBody(request, (body) => {
    answer(body, response).catch(() => response.destroy());
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
