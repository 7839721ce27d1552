/**
 * An endpoint in the shape of OpenAI's chat completions over all ten layers: as much of a gateway as the measurement needs.
 * `node tau-gateway.ts <base url of the model>`; prints its port and ends with its input.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

import { createOpenAiChat } from "@tau/agent";
import type { ModelRequest } from "@tau/agent";
import { isJsonObject, parseJson, textOf, userText } from "@tau/core";
import type { JsonObject, ModelEvent } from "@tau/core";

import { benchContext, fullChain } from "../pipeline/full-chain.ts";

const [baseUrl = ""] = process.argv.slice(2);
const price = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 };
const pipeline = fullChain(
  createOpenAiChat({ baseUrl: `${baseUrl}/v1`, apiKey: "none", model: "mock", price }),
);
const common = { id: "chatcmpl-1", created: 1, model: "mock" };

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const parsed = parseJson(Buffer.concat(chunks).toString("utf8"));
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}

function toRequest({ messages }: JsonObject): ModelRequest {
  const texts = Array.isArray(messages) ? messages : [];
  return {
    messages: texts.map((message: unknown) => userText(contentOf(message))),
    tools: [],
    maxOutputTokens: 500,
    temperature: 0,
  };
}

function contentOf(message: unknown): string {
  const content = isJsonObject(message) ? message["content"] : undefined;
  return typeof content === "string" ? content : "";
}

function toChunks(batch: readonly ModelEvent[]): string {
  let text = "";
  for (const event of batch) {
    if (event.type === "text_delta") text += chunkOf({ content: event.text }, null);
    else if (event.type === "finished") text += `${chunkOf({}, "stop")}data: [DONE]\n\n`;
  }
  return text;
}

function chunkOf(delta: JsonObject, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices })}\n\n`;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const context = benchContext();
  if (body["stream"] === true) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for await (const batch of pipeline.stream(toRequest(body), context)) response.write(toChunks(batch));
    response.end();
    return;
  }
  const { message, usage } = await pipeline.complete(toRequest(body), context);
  const choices = [
    { index: 0, message: { role: "assistant", content: textOf(message) }, finish_reason: "stop" },
  ];
  const tokens = { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ ...common, object: "chat.completion", choices, usage: tokens }));
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
