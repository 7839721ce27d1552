import type { Json, JsonObject, Message, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { toSchemaFormat } from "../output-shape/strict-schema.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { listWriter } from "../wire-fragments.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { toWireMessages } from "./message-fragment.ts";
import { chatProtocol } from "./own-fields.ts";

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createOpenAiBodyWriter(
  dialect: OpenAiChatDialect,
  identity: ModelIdentity,
): (request: ModelRequest) => string {
  const writeMessages = listWriter((message: Message) =>
    toWireMessages(message, dialect, identity)
      .map((wire) => JSON.stringify(wire))
      .join(","),
  );
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toWireTool(tool)));

  return (request) => {
    const system = toSystem(request, dialect);
    const messages = writeMessages(request.messages);
    const first = system === "" ? "" : JSON.stringify({ role: dialect.systemRole, content: system });
    return joinBody(
      toSettings(request, dialect, identity.model),
      {
        tools: toolList(request, writeTools, { protocol: chatProtocol, identity }),
        messages: `[${first}${first === "" || messages === "" ? "" : ","}${messages}]`,
      },
      request.providerOptions?.[chatProtocol],
    );
  };
}

/** A tool on the wire. */
function toWireTool(tool: ToolDefinition): {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Record<string, unknown>;
  };
} {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: { ...tool.inputSchema } },
  };
}

/** Where the protocol cannot carry a schema, the instructions do. */
function toSystem(
  { system = "", outputSchema }: ModelRequest,
  { structuredOutput }: OpenAiChatDialect,
): string {
  if (outputSchema === undefined || structuredOutput === "json_schema") return system;
  const rule = `Answer with nothing but JSON that matches this JSON Schema:\n${JSON.stringify(outputSchema.schema)}`;
  return system === "" ? rule : `${system}\n\n${rule}`;
}

function toSettings(
  request: ModelRequest,
  dialect: OpenAiChatDialect,
  model: string,
): Readonly<Record<string, Json | undefined>> {
  const { reasoning, stopSequences } = request;
  const streams = request.delivery !== "whole";
  return {
    model,
    stream: streams,
    stream_options: streams && dialect.streamUsage ? { include_usage: true } : undefined,
    [dialect.maxTokensField]: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    ...(dialect.seedField === "none" ? {} : { [dialect.seedField]: request.seed }),
    stop: stopSequences?.length === 0 ? undefined : stopSequences,
    tool_choice: toToolChoice(request, dialect),
    ...(reasoning === undefined ? {} : dialect.reasoning[reasoning]),
    response_format: toResponseFormat(request, dialect),
    ...dialect.requestFields,
  };
}

function toToolChoice(
  { tools, providerTools = [], toolChoice }: ModelRequest,
  dialect: OpenAiChatDialect,
): Json | undefined {
  if (tools.length + providerTools.length === 0) return undefined;
  if (typeof toolChoice === "object") return { type: "function", function: { name: toolChoice.name } };
  return toolChoice === "required" ? dialect.requiredToolChoice : toolChoice;
}

function toResponseFormat(
  { outputSchema }: ModelRequest,
  dialect: OpenAiChatDialect,
): JsonObject | undefined {
  if (outputSchema === undefined || dialect.structuredOutput === "none") return undefined;
  if (dialect.structuredOutput === "json_object") return { type: "json_object" };
  return { type: "json_schema", json_schema: toSchemaFormat(outputSchema) };
}
