import type { ModelRequest } from "@tau/agent";
import { readAll, startLoopback } from "@tau/agent/testing";
import { isJsonObject, userText } from "@tau/core";
import type { Json, Message, ToolCallPart, ToolDefinition, ToolResultPart } from "@tau/core";

import { createBedrockConverse } from "./bedrock-converse.ts";
import type { BedrockConverseOptions } from "./bedrock-converse.ts";

export const claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const adaptive = "global.anthropic.claude-opus-4-8";
export const nova = "us.amazon.nova-2-lite-v1:0";
export const llama = "us.meta.llama4-maverick-17b-instruct-v1:0";
export const read: ToolDefinition = {
  name: "read",
  description: "Reads.",
  inputSchema: { type: "object", properties: {} },
};
const plain: ModelRequest = { messages: [userText("Hi")], tools: [] };
export const call: ToolCallPart = { type: "tool_call", id: "c1", name: "read", arguments: '{"b": 1}' };
export const result: ToolResultPart = {
  type: "tool_result",
  callId: "c1",
  name: "read",
  isError: false,
  content: [{ type: "text", text: "ok" }],
};
export const schema = { type: "object", properties: { city: { type: "string" } } } as const;
export const mark = { cachePoint: { type: "default" } };

/** The body that the adapter sends. */
export async function bodyOf(
  request: Partial<ModelRequest>,
  options: Partial<BedrockConverseOptions> = {},
): Promise<Record<string, Json>> {
  let body = "";
  await using server = await startLoopback(async (incoming, response) => {
    for await (const chunk of incoming) body += String(chunk);
    response.writeHead(500).end("{}");
  });
  const model = createBedrockConverse({
    baseUrl: server.url,
    region: "us-east-1",
    apiKey: "k",
    model: claude,
    promptCache: false,
    ...options,
  });
  const failed: unknown = await readAll(model, { ...plain, ...request }).catch((error: unknown) => error);
  if (body === "") throw failed;
  const parsed: unknown = JSON.parse(body);
  return isJsonObject(parsed) ? parsed : {};
}

export async function contentOf(
  message: Message,
  options: Partial<BedrockConverseOptions> = {},
): Promise<unknown> {
  const { messages } = await bodyOf({ messages: [message] }, options);
  return Object(messages)[0]?.content;
}
