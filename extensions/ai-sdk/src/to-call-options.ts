import type {
  JSONObject,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ProviderTool,
} from "@ai-sdk/provider";
import type { ModelRequest } from "@tau/agent";
import type { ModelIdentity } from "@tau/agent/adapter";
import { modelError } from "@tau/agent/adapter";
import { isJsonObject } from "@tau/core";
import type { JsonObject, ProviderData } from "@tau/core";

import { protocol } from "./protocol-name.ts";
import { toPrompt } from "./to-prompt.ts";

/**
 * Writes a request in the words of the AI SDK.
 *
 * @throws TauError `model.unsupported_content`
 */
export function toCallOptions(
  request: ModelRequest,
  signal: AbortSignal,
  identity: ModelIdentity,
): LanguageModelV4CallOptions {
  const { maxOutputTokens, temperature, topP, seed, stopSequences, reasoning, outputSchema } = request;
  const options = request.providerOptions?.[protocol];
  const tools = toTools(request, identity);
  return {
    prompt: toPrompt(request),
    abortSignal: signal,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stopSequences === undefined ? {} : { stopSequences: [...stopSequences] }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(outputSchema === undefined
      ? {}
      : { responseFormat: { type: "json", name: outputSchema.name, schema: mutable(outputSchema.schema) } }),
    ...(tools.length === 0 ? {} : { tools, toolChoice: toToolChoice(request.toolChoice) }),
    ...(options === undefined ? {} : { providerOptions: toOptions(options) }),
  };
}

type Tool = LanguageModelV4FunctionTool | LanguageModelV4ProviderTool;

function toTools({ tools, providerTools = [] }: ModelRequest, identity: ModelIdentity): Tool[] {
  return [
    ...tools.map(({ name, description, inputSchema }): Tool => ({
      type: "function",
      name,
      description,
      inputSchema: mutable(inputSchema),
    })),
    ...providerTools.map((tool) => toProviderTool(tool, identity)),
  ];
}

/** Data `{ id: "openai.web_search", name, args }`, as the AI SDK's provider tools are. */
function toProviderTool({ protocol: of, data }: ProviderData, identity: ModelIdentity): Tool {
  const { id, name, args } = data;
  if (of !== protocol || !isProviderId(id) || typeof name !== "string") {
    throw modelError("model.unsupported_content", identity, {
      sentence: `takes only provider tools of protocol "${protocol}" with id and name, not of "${of}"`,
    });
  }
  return { type: "provider", id, name, args: isJsonObject(args) ? { ...args } : {} };
}

function isProviderId(id: unknown): id is `${string}.${string}` {
  return typeof id === "string" && id.includes(".");
}

function toToolChoice(
  choice: ModelRequest["toolChoice"] = "auto",
): NonNullable<LanguageModelV4CallOptions["toolChoice"]> {
  return typeof choice === "object" ? { type: "tool", toolName: choice.name } : { type: choice };
}

function toOptions(options: JsonObject): Record<string, JSONObject> {
  const found: Record<string, JSONObject> = {};
  for (const [name, value] of Object.entries(options)) if (isJsonObject(value)) found[name] = mutable(value);
  return found;
}

/** The AI SDK's JSON may be written to; ours is a copy. */
function mutable(object: JsonObject): JSONObject {
  const copy: JSONObject = JSON.parse(JSON.stringify(object));
  return copy;
}
