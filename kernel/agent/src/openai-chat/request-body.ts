import type { Json, JsonObject, Message, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { toSchemaFormat } from "../output-shape/strict-schema.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { toWireMessages } from "./message-fragment.ts";
import { chatProtocol } from "./own-fields.ts";

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createOpenAiBodyWriter(
  dialect: OpenAiChatDialect,
  identity: ModelIdentity,
): (request: ModelRequest) => string {
  const writeMessages = conversationWriter((message: Message) => {
    let text = "";
    for (const wire of toWireMessages(message, dialect, identity)) {
      text += `${text === "" ? "" : ","}${JSON.stringify(wire)}`;
    }
    return text;
  });
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

/** What is absent is left out: spreading what may be there costs more than all else in here. */
function toSettings(
  request: ModelRequest,
  dialect: OpenAiChatDialect,
  model: string,
): Readonly<Record<string, Json>> {
  const { maxOutputTokens, temperature, topP, seed, stopSequences, reasoning } = request;
  const streams = request.delivery !== "whole";
  const settings: Record<string, Json> = { model, stream: streams };
  if (streams && dialect.streamUsage) settings["stream_options"] = { include_usage: true };
  if (maxOutputTokens !== undefined) settings[dialect.maxTokensField] = maxOutputTokens;
  if (temperature !== undefined) settings["temperature"] = temperature;
  if (topP !== undefined) settings["top_p"] = topP;
  if (seed !== undefined && dialect.seedField !== "none") settings[dialect.seedField] = seed;
  if (stopSequences !== undefined && stopSequences.length > 0) settings["stop"] = stopSequences;
  const toolChoice = toToolChoice(request, dialect);
  if (toolChoice !== undefined) settings["tool_choice"] = toolChoice;
  if (reasoning !== undefined) Object.assign(settings, dialect.reasoning[reasoning]);
  const format = toResponseFormat(request, dialect);
  if (format !== undefined) settings["response_format"] = format;
  return Object.assign(settings, dialect.requestFields);
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
