import type { Json, JsonObject, Message, ToolDefinition } from "@tau/core";

import { objectAt, without } from "../json-fields.ts";
import type { ModelRequest } from "../model.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { joinBody, toolList } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import { ollamaProtocol } from "./part-data.ts";
import { toMessages } from "./wire-message.ts";

/** How bodies are written. */
export interface OllamaBodyOptions {
  readonly identity: ModelIdentity;
  /** How the model is told to think. */
  readonly thinking: "level" | "switch" | "none";
  readonly keepAlive: string | number | undefined;
  /** Options of the model runner, such as `num_ctx`. */
  readonly options: JsonObject;
}

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createOllamaBodyWriter(options: OllamaBodyOptions): (request: ModelRequest) => string {
  const { identity } = options;
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toWireTool(tool)));
  const writeMessages = conversationWriter((message: Message) => toMessages(message, identity));

  return (request) => {
    const own = request.providerOptions?.[ollamaProtocol] ?? {};
    const messages = [
      ...(request.system === undefined || request.system === "" ? [] : [systemJson(request.system)]),
      writeMessages(request.messages),
    ].filter((fragment) => fragment !== "");
    return joinBody(
      toSettings(request, own, options),
      { tools: toolsOf(request, writeTools, identity), messages: `[${messages.join(",")}]` },
      // These were merged field by field.
      without(own, "options"),
    );
  };
}

/** A tool on the wire. */
export function toWireTool({ name, description, inputSchema }: ToolDefinition): {
  readonly type: "function";
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
} {
  return { type: "function", function: { name, description, parameters: inputSchema } };
}

function systemJson(content: string): string {
  return JSON.stringify({ role: "system", content });
}

/** Ollama cannot be told which tool to choose; only that there is none. */
function toolsOf(
  request: ModelRequest,
  writeTools: (tools: readonly ToolDefinition[]) => string,
  identity: ModelIdentity,
): string | undefined {
  const { toolChoice } = request;
  if (toolChoice === "none") return undefined;
  if (toolChoice !== undefined && toolChoice !== "auto") {
    throw modelError("model.unsupported_content", identity, {
      sentence: "cannot be made to call a tool. Leave toolChoice out",
    });
  }
  return toolList(request, writeTools, { protocol: ollamaProtocol, identity });
}

function toSettings(
  request: ModelRequest,
  own: JsonObject,
  { identity, keepAlive, options, thinking }: OllamaBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const { outputSchema } = request;
  const all = { ...options, ...toRunnerOptions(request), ...objectAt(own, "options") };
  return {
    model: identity.model,
    stream: request.delivery !== "whole",
    // A prompt that is too long is an error; by default the server forgets its beginning without a word.
    truncate: false,
    shift: false,
    think: toThink(request, thinking),
    format:
      outputSchema === undefined ? undefined : outputSchema.strict === false ? "json" : outputSchema.schema,
    keep_alive: keepAlive,
    options: Object.keys(all).length === 0 ? undefined : all,
  };
}

function toRunnerOptions(request: ModelRequest): JsonObject {
  const { maxOutputTokens, temperature, topP, seed, stopSequences } = request;
  return {
    ...(maxOutputTokens === undefined ? {} : { num_predict: maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stopSequences === undefined || stopSequences.length === 0 ? {} : { stop: stopSequences }),
  };
}

/** Models that know levels cannot stop thinking; the others only know whether. */
function toThink({ reasoning }: ModelRequest, thinking: OllamaBodyOptions["thinking"]): Json | undefined {
  if (reasoning === undefined || thinking === "none") return undefined;
  if (thinking === "switch") return reasoning !== "none";
  return reasoning === "none" ? "low" : reasoning;
}
