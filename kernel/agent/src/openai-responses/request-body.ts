import type { Json, JsonObject, Message, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { toSchemaFormat } from "../output-shape/strict-schema.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import { toInputItems } from "./input-item.ts";
import { responsesProtocol } from "./item-data.ts";
import type { ResponsesSettings } from "./settings.ts";

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createResponsesBodyWriter(
  settings: Required<ResponsesSettings>,
  identity: ModelIdentity,
): (request: ModelRequest) => string {
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toWireTool(tool)));
  const writeMessages = conversationWriter((message: Message, previous: Message | undefined) =>
    toInputItems(message, previous, identity)
      .map((item) => JSON.stringify(item))
      .join(","),
  );

  return (request) => {
    if (request.stopSequences !== undefined && request.stopSequences.length > 0) {
      throw modelError("model.unsupported_content", identity, {
        sentence: "takes no stop sequences in this protocol. Leave them out, or use createOpenAiChat()",
      });
    }
    return joinBody(
      toSettings(request, settings, identity),
      {
        tools: toolList(request, writeTools, { protocol: responsesProtocol, identity }),
        input: `[${writeMessages(request.messages)}]`,
      },
      request.providerOptions?.[responsesProtocol],
    );
  };
}

/** A tool on the wire. Without `strict` the protocol would enforce schemas that are not made for it. */
export function toWireTool(tool: ToolDefinition): {
  readonly type: "function";
  readonly name: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly strict: false;
} {
  return {
    type: "function",
    name: tool.name,
    description: tool.description,
    parameters: { ...tool.inputSchema },
    strict: false,
  };
}

function toSettings(
  request: ModelRequest,
  settings: Required<ResponsesSettings>,
  identity: ModelIdentity,
): Readonly<Record<string, Json | undefined>> {
  const { system } = request;
  return {
    model: identity.model,
    stream: request.delivery !== "whole",
    store: false,
    include: settings.encryptedReasoning ? ["reasoning.encrypted_content"] : undefined,
    max_output_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    reasoning: toReasoning(request, settings),
    text: toText(request),
    tool_choice: toToolChoice(request),
    instructions: system === "" ? undefined : system,
  };
}

function toReasoning(
  { reasoning }: ModelRequest,
  { reasoningSummary }: Required<ResponsesSettings>,
): JsonObject | undefined {
  if (reasoning === undefined) return undefined;
  const summary = reasoning === "none" || reasoningSummary === "none" ? {} : { summary: reasoningSummary };
  return { effort: reasoning, ...summary };
}

function toText({ outputSchema }: ModelRequest): JsonObject | undefined {
  if (outputSchema === undefined) return undefined;
  return { format: { type: "json_schema", ...toSchemaFormat(outputSchema) } };
}

/** A choice by name may mean a tool that runs at the provider, which goes by its type. */
function toToolChoice({ tools, providerTools = [], toolChoice }: ModelRequest): Json | undefined {
  if (tools.length + providerTools.length === 0) return undefined;
  if (typeof toolChoice !== "object") return toolChoice;
  const { name } = toolChoice;
  if (!tools.some((tool) => tool.name === name)) {
    if (providerTools.some(({ data }) => data["type"] === name)) return { type: name };
    const named = providerTools.find(({ data }) => data["name"] === name)?.data["type"];
    if (named !== undefined) return { type: named, name };
  }
  return { type: "function", name };
}
