import type { Message, ToolDefinition } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { ModelIdentity } from "../model-error.ts";
import { listWriter } from "../wire-fragments.ts";
import { toMessageJson } from "./message-fragment.ts";

/** How bodies are written. */
export interface AnthropicBodyOptions {
  readonly identity: ModelIdentity;
  readonly maxOutputTokens: number;
  readonly thinking: "adaptive" | "budget";
  readonly promptCache: boolean;
}

const budgetTokens = { low: 2048, medium: 8192, high: 24_576 } as const;
const cacheControl = { type: "ephemeral" } as const;

/** Writes request bodies; each message and tool is serialised once in its life. */
export function createAnthropicBodyWriter(options: AnthropicBodyOptions): (request: ModelRequest) => string {
  const writeMessages = listWriter((message: Message) => toMessageJson(message, options.identity));
  const writeTools = listWriter((tool: ToolDefinition) => JSON.stringify(toWireTool(tool)));
  const model = JSON.stringify(options.identity.model);

  return (request) => {
    let head = `{"model":${model},"stream":true`;
    for (const [name, value] of Object.entries(toSettings(request, options))) {
      if (value !== undefined) head += `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
    }
    if (request.tools.length > 0) head += `,"tools":[${writeTools(request.tools)}]`;
    if (request.system !== undefined && request.system.trim() !== "") {
      head += `,"system":[${JSON.stringify(toWireSystem(request.system, options))}]`;
    }
    return `${head},"messages":[${writeMessages(request.messages)}]}`;
  };
}

/** A tool on the wire. */
export function toWireTool(tool: ToolDefinition): {
  readonly name: string;
  readonly description: string;
  readonly input_schema: { readonly type: "object" };
} {
  return {
    name: tool.name,
    description: tool.description,
    input_schema: { ...tool.inputSchema, type: "object" },
  };
}

/** Tools and system come first in the prompt: marking the system caches both. */
function toWireSystem(system: string, { promptCache }: AnthropicBodyOptions): object {
  return { type: "text", text: system, ...(promptCache ? { cache_control: cacheControl } : {}) };
}

function toSettings(request: ModelRequest, options: AnthropicBodyOptions): Readonly<Record<string, unknown>> {
  const { reasoning, stopSequences, toolChoice } = request;
  const thinks = reasoning !== undefined && reasoning !== "none";
  const budget = thinks && options.thinking === "budget" ? budgetTokens[reasoning] : undefined;
  const maxTokens = request.maxOutputTokens ?? options.maxOutputTokens;
  return {
    // The budget is a part of the limit; without the addition nothing would be left for the answer.
    max_tokens: maxTokens + (budget ?? 0),
    cache_control: options.promptCache ? cacheControl : undefined,
    // Thinking demands the default temperature.
    temperature: thinks ? undefined : request.temperature,
    stop_sequences: stopSequences?.length === 0 ? undefined : stopSequences,
    tool_choice: request.tools.length === 0 ? undefined : toToolChoice(toolChoice),
    thinking: toThinking(reasoning, budget),
    output_config: toOutputConfig(request, thinks && options.thinking === "adaptive"),
  };
}

function toThinking(reasoning: ModelRequest["reasoning"], budget: number | undefined): object | undefined {
  if (reasoning === undefined) return undefined;
  if (reasoning === "none") return { type: "disabled" };
  return budget === undefined ? { type: "adaptive" } : { type: "enabled", budget_tokens: budget };
}

function toOutputConfig({ reasoning, outputSchema }: ModelRequest, adaptive: boolean): object | undefined {
  if (outputSchema === undefined && !adaptive) return undefined;
  return {
    ...(adaptive ? { effort: reasoning } : {}),
    ...(outputSchema === undefined ? {} : { format: { type: "json_schema", schema: outputSchema.schema } }),
  };
}

function toToolChoice(choice: ModelRequest["toolChoice"]): object | undefined {
  if (choice === undefined) return undefined;
  if (typeof choice === "object") return { type: "tool", name: choice.name };
  return { type: choice === "required" ? "any" : choice };
}
