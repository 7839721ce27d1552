import { unreachable } from "@tau/core";
import type {
  AssistantMessage,
  AudioPart,
  FilePart,
  ImagePart,
  Json,
  JsonObject,
  Message,
  TextPart,
  ToolDefinition,
  ToolResultPart,
} from "@tau/core";

import type { ModelRequest } from "../model.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { describeMedia, textOfFile, toMediaUrl } from "../openai-media.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import { cohereProtocol } from "./content-blocks.ts";

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createCohereBodyWriter(identity: ModelIdentity): (request: ModelRequest) => string {
  const writeMessages = conversationWriter((message: Message) =>
    toWireMessages(message, identity)
      .map((wire) => JSON.stringify(wire))
      .join(","),
  );
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toWireTool(tool)));

  return (request) => {
    const { system = "" } = request;
    const first = system === "" ? "" : JSON.stringify({ role: "system", content: system });
    const messages = writeMessages(request.messages);
    return joinBody(
      toSettings(request, identity.model),
      {
        tools: toolList(offered(request), writeTools, { protocol: cohereProtocol, identity }),
        messages: `[${[first, messages].filter((text) => text !== "").join(",")}]`,
      },
      request.providerOptions?.[cohereProtocol],
    );
  };
}

/** No tool can be demanded by name: it is offered alone, and some tool demanded. */
function offered(request: ModelRequest): ModelRequest {
  const { toolChoice } = request;
  if (typeof toolChoice !== "object") return request;
  return { ...request, tools: request.tools.filter(({ name }) => name === toolChoice.name) };
}

function toWireTool({ name, description, inputSchema }: ToolDefinition): JsonObject {
  return { type: "function", function: { name, description, parameters: inputSchema } };
}

function toSettings(request: ModelRequest, model: string): Readonly<Record<string, Json | undefined>> {
  const { reasoning, stopSequences, outputSchema, toolChoice } = request;
  const isOffered = request.tools.length > 0 && toolChoice !== undefined && toolChoice !== "auto";
  return {
    model,
    stream: request.delivery !== "whole",
    max_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    p: request.topP,
    seed: request.seed,
    stop_sequences: stopSequences?.length === 0 ? undefined : stopSequences,
    tool_choice: isOffered ? (toolChoice === "none" ? "NONE" : "REQUIRED") : undefined,
    thinking: reasoning === undefined ? undefined : { type: reasoning === "none" ? "disabled" : "enabled" },
    response_format:
      outputSchema === undefined ? undefined : { type: "json_object", json_schema: outputSchema.schema },
  };
}

function toWireMessages(message: Message, identity: ModelIdentity): readonly JsonObject[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", content: message.parts.map((part) => toContent(part, identity)) }];
    case "assistant":
      return assistantMessages(message);
    case "tool":
      return message.parts.map((result) => toResult(result, identity));
    default:
      return unreachable(message);
  }
}

function assistantMessages({ parts }: AssistantMessage): readonly JsonObject[] {
  const content: JsonObject[] = [];
  const calls: JsonObject[] = [];
  let plan = "";
  for (const part of parts) {
    if (part.type === "text" && part.text !== "") content.push({ type: "text", text: part.text });
    if (part.type === "thinking" && part.providerData?.protocol === cohereProtocol) plan += part.text;
    if (part.type === "tool_call") {
      const { id, name, arguments: text } = part;
      calls.push({ id, type: "function", function: { name, arguments: text } });
    }
  }
  if (content.length + calls.length === 0) return [];
  return [
    {
      role: "assistant",
      ...(content.length === 0 ? {} : { content }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(plan === "" || calls.length === 0 ? {} : { tool_plan: plan }),
    },
  ];
}

/** A tool message carries only text. */
function toResult(result: ToolResultPart, identity: ModelIdentity): JsonObject {
  const texts = result.content.map((part) => {
    const { type, text } = toContent(part, identity);
    if (type === "text" && typeof text === "string") return text;
    throw modelError("model.unsupported_content", identity, {
      sentence: "takes no pictures in the results of tools. Describe them",
    });
  });
  // The protocol has no flag for a failed call.
  const text = `${result.isError ? "[tool error] " : ""}${texts.join("\n")}`;
  return { role: "tool", tool_call_id: result.callId, content: text };
}

function toContent(part: TextPart | ImagePart | AudioPart | FilePart, identity: ModelIdentity): JsonObject {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "image") {
    return { type: "image_url", image_url: { url: toMediaUrl(part.mediaType, part.source) } };
  }
  const text = part.type === "file" ? textOfFile(part) : undefined;
  if (text !== undefined) return { type: "text", text };
  throw modelError("model.unsupported_content", identity, {
    sentence: `takes only texts and pictures, not ${describeMedia(part.mediaType, part.source)}`,
  });
}
