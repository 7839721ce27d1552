import type { Json, JsonObject, Message, ToolDefinition } from "@tau/core";

import { objectAt, without } from "../json-fields.ts";
import type { ModelRequest } from "../model.ts";
import { modelError } from "../model-error.ts";
import type { ModelIdentity } from "../model-error.ts";
import { toRespondTool } from "../output-shape/respond-tool.ts";
import { joinBody, ownTool } from "../wire-body.ts";
import { conversationWriter, listWriter } from "../wire-fragments.ts";
import { toContents } from "./content.ts";
import { geminiProtocol } from "./part-data.ts";
import { toSchemaSubset } from "./schema-subset.ts";
import type { GeminiSettings } from "./settings.ts";
import { toThinkingConfig } from "./thinking.ts";

/** How bodies are written. */
export interface GeminiBodyOptions {
  readonly identity: ModelIdentity;
  readonly settings: Required<GeminiSettings>;
  /** The model cannot think, whatever its generation does. */
  readonly thoughtless: boolean;
  /** The model also answers with pictures. */
  readonly paints: boolean;
}

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createGeminiBodyWriter(options: GeminiBodyOptions): (request: ModelRequest) => string {
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toDeclaration(tool, options)));
  const writeMessages = conversationWriter((message: Message, previous: Message | undefined) =>
    toContents(message, previous, options),
  );

  return (asked) => {
    const request = withRespondTool(asked, options.settings);
    const own = request.providerOptions?.[geminiProtocol] ?? {};
    return joinBody(
      toSettings(request, own, options),
      {
        tools: toolsOf(request, writeTools, options.identity),
        contents: `[${writeMessages(request.messages)}]`,
      },
      // These two were merged field by field.
      without(own, "generationConfig", "toolConfig"),
    );
  };
}

/**
 * Before Gemini 3, functions and a schema in one request are refused: then a hidden function takes the answer, and the
 * model must call one. A caller who demands one of the tools gets the call first and asks for the shape again later.
 */
function withRespondTool(request: ModelRequest, { generation }: Required<GeminiSettings>): ModelRequest {
  const { outputSchema, tools, toolChoice, ...rest } = request;
  if (outputSchema?.schema["type"] !== "object" || tools.length === 0 || generation === 3) return request;
  if (typeof toolChoice === "object" || toolChoice === "required") return { ...rest, tools, toolChoice };
  const respond = toRespondTool(outputSchema.schema);
  return {
    ...rest,
    tools: [...tools, respond],
    toolChoice: toolChoice === "none" ? { name: respond.name } : "required",
  };
}

/** A tool on the wire. */
function toDeclaration(
  { name, description, inputSchema }: ToolDefinition,
  { identity, settings }: Pick<GeminiBodyOptions, "identity" | "settings">,
): JsonObject {
  if (settings.schemas === "json") return { name, description, parametersJsonSchema: inputSchema };
  const parameters = toSchemaSubset(inputSchema, { identity, place: `tool ${name}` });
  // An object without properties is refused there; a tool without parameters is not.
  const isEmpty = Object.keys(objectAt(parameters, "properties")).length === 0;
  return { name, description, ...(isEmpty ? {} : { parameters }) };
}

/** All functions are one tool to the protocol; tools that run at the provider follow, each as it is. */
function toolsOf(
  { tools, providerTools = [] }: ModelRequest,
  writeTools: (tools: readonly ToolDefinition[]) => string,
  identity: ModelIdentity,
): string | undefined {
  const written = providerTools.map((tool) =>
    JSON.stringify(ownTool(tool, { protocol: geminiProtocol, identity })),
  );
  if (tools.length > 0) written.unshift(`{"functionDeclarations":[${writeTools(tools)}]}`);
  return written.length === 0 ? undefined : `[${written.join(",")}]`;
}

function toSettings(
  request: ModelRequest,
  own: JsonObject,
  options: GeminiBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const { system } = request;
  return {
    systemInstruction: system === undefined || system === "" ? undefined : { parts: [{ text: system }] },
    generationConfig: merged(toGenerationConfig(request, options), objectAt(own, "generationConfig")),
    toolConfig: merged(toToolConfig(request, options), objectAt(own, "toolConfig")),
  };
}

/** Undefined when there is nothing to say. */
function merged(
  ours: Readonly<Record<string, Json | undefined>>,
  theirs: JsonObject,
): JsonObject | undefined {
  const fields: Record<string, Json> = {};
  for (const [name, value] of Object.entries(ours)) if (value !== undefined) fields[name] = value;
  const all = { ...fields, ...theirs };
  return Object.keys(all).length === 0 ? undefined : all;
}

function toGenerationConfig(
  request: ModelRequest,
  { identity, settings, thoughtless, paints }: GeminiBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const { outputSchema, stopSequences } = request;
  const shape =
    settings.schemas === "json"
      ? outputSchema?.schema
      : outputSchema &&
        toSchemaSubset(outputSchema.schema, {
          identity,
          place: `output schema ${outputSchema.name}`,
          loose: outputSchema.strict === false,
        });
  return {
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    seed: request.seed,
    stopSequences: stopSequences?.length === 0 ? undefined : stopSequences,
    thinkingConfig: thoughtless ? undefined : toThinkingConfig(request.reasoning, identity.model, settings),
    responseModalities: paints ? ["TEXT", "IMAGE"] : undefined,
    responseMimeType: outputSchema === undefined ? undefined : "application/json",
    [settings.schemas === "json" ? "responseJsonSchema" : "responseSchema"]: shape,
  };
}

function toToolConfig(
  request: ModelRequest,
  { identity, settings }: GeminiBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const { tools, providerTools = [], toolChoice } = request;
  const mixes = tools.length > 0 && providerTools.length > 0 && settings.generation === 3;
  return {
    functionCallingConfig: tools.length === 0 ? undefined : toCallingConfig(request, identity),
    // What lets Gemini 3 have both kinds of tools in one request.
    includeServerSideToolInvocations: mixes ? true : undefined,
    ...(tools.length === 0 && typeof toolChoice === "object" ? refuseChoice(toolChoice.name, identity) : {}),
  };
}

function toCallingConfig(
  { tools, toolChoice }: ModelRequest,
  identity: ModelIdentity,
): JsonObject | undefined {
  if (toolChoice === undefined) return undefined;
  if (typeof toolChoice !== "object") {
    return { mode: { auto: "AUTO", none: "NONE", required: "ANY" }[toolChoice] };
  }
  const { name } = toolChoice;
  if (!tools.some((tool) => tool.name === name)) return refuseChoice(name, identity);
  return { mode: "ANY", allowedFunctionNames: [name] };
}

function refuseChoice(name: string, identity: ModelIdentity): never {
  throw modelError("model.unsupported_content", identity, {
    sentence: `can be made to call only functions of the request, and "${name}" is none. Choose another toolChoice`,
  });
}
