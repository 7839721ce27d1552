import type { Message, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { listWriter } from "../wire-fragments.ts";
import type { OpenAiChatDialect } from "./dialect.ts";
import { toWireMessages } from "./message-fragment.ts";

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
  const model = JSON.stringify(identity.model);

  return (request) => {
    const { system } = request;
    let head = `{"model":${model},"stream":true`;
    if (dialect.streamUsage) head += ',"stream_options":{"include_usage":true}';
    for (const [name, value] of Object.entries(toSettings(request, dialect))) {
      if (value !== undefined) head += `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
    }
    if (request.tools.length > 0) head += `,"tools":[${writeTools(request.tools)}]`;
    const messages = writeMessages(request.messages);
    if (system === undefined || system === "") return `${head},"messages":[${messages}]}`;
    const first = JSON.stringify({ role: dialect.systemRole, content: system });
    return `${head},"messages":[${first}${messages === "" ? "" : ","}${messages}]}`;
  };
}

/** A tool on the wire. */
export function toWireTool(tool: ToolDefinition): {
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

function toSettings(request: ModelRequest, dialect: OpenAiChatDialect): Readonly<Record<string, unknown>> {
  const { toolChoice, reasoning } = request;
  return {
    [dialect.maxTokensField]: request.maxOutputTokens,
    temperature: request.temperature,
    stop: request.stopSequences?.length === 0 ? undefined : request.stopSequences,
    tool_choice:
      typeof toolChoice === "object" ? { type: "function", function: { name: toolChoice.name } } : toolChoice,
    reasoning_effort: dialect.reasoningRequest === "reasoning_effort" ? reasoning : undefined,
    reasoning:
      dialect.reasoningRequest === "reasoning" && reasoning !== undefined
        ? reasoning === "none"
          ? { enabled: false }
          : { effort: reasoning }
        : undefined,
    response_format: toResponseFormat(request, dialect),
  };
}

function toResponseFormat(request: ModelRequest, dialect: OpenAiChatDialect): unknown {
  const { outputSchema } = request;
  if (outputSchema === undefined || dialect.structuredOutput === "none") return undefined;
  if (dialect.structuredOutput === "json_object") return { type: "json_object" };
  return {
    type: "json_schema",
    json_schema: { name: outputSchema.name, schema: outputSchema.schema, strict: true },
  };
}
