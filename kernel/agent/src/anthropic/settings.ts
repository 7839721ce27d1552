import type { Json, JsonObject, Message } from "@tau/core";

import type { ModelRequest } from "../model.ts";
import type { OutputShape } from "../output-shape/output-shape.ts";
import { respondToolName } from "../output-shape/respond-tool.ts";
import type { AnthropicBodyOptions } from "./body-options.ts";
import { isOwnThinking } from "./thinking.ts";

const budgetTokens = { low: 2048, medium: 8192, high: 24_576 } as const;

/** The fields of a body that are neither tools, system nor messages. */
export function toSettings(
  request: ModelRequest,
  shape: OutputShape | undefined,
  options: AnthropicBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const { reasoning, stopSequences } = request;
  const toolChoice = toToolChoice(request, shape);
  const mayThink =
    options.thinking === "adaptive" || (options.thinking === "budget" && canGoOnThinking(request));
  const effort =
    reasoning === undefined || reasoning === "none" || !mayThink || isForced(toolChoice)
      ? undefined
      : reasoning;
  const budget = effort !== undefined && options.thinking === "budget" ? budgetTokens[effort] : undefined;
  // Thinking demands the defaults.
  const samples = options.sampling && effort === undefined;
  return {
    model: options.identity.model,
    stream: request.delivery !== "whole",
    // The budget is a part of the limit; without the addition nothing would be left for the answer.
    max_tokens: (request.maxOutputTokens ?? options.maxOutputTokens) + (budget ?? 0),
    temperature: samples ? request.temperature : undefined,
    // From Claude Opus 4.1 on a request with both is refused.
    top_p: samples && request.temperature === undefined ? request.topP : undefined,
    stop_sequences: stopSequences?.length === 0 ? undefined : stopSequences,
    tool_choice: toolChoice,
    thinking: reasoning === undefined || options.thinking === "none" ? undefined : toThinking(effort, budget),
    output_config: toOutputConfig(budget === undefined ? effort : undefined, shape),
  };
}

function toThinking(effort: string | undefined, budget: number | undefined): JsonObject {
  if (effort === undefined) return { type: "disabled" };
  return budget === undefined ? { type: "adaptive" } : { type: "enabled", budget_tokens: budget };
}

function toOutputConfig(effort: string | undefined, shape: OutputShape | undefined): JsonObject | undefined {
  const format = shape?.kind === "format" ? { type: "json_schema", schema: shape.schema } : undefined;
  if (effort === undefined && format === undefined) return undefined;
  return { ...(effort === undefined ? {} : { effort }), ...(format === undefined ? {} : { format }) };
}

function toToolChoice(request: ModelRequest, shape: OutputShape | undefined): JsonObject | undefined {
  const { tools, providerTools = [], toolChoice } = request;
  const count = tools.length + providerTools.length;
  if (shape?.kind === "tool") {
    return count === 0 || toolChoice === "none" ? { type: "tool", name: respondToolName } : { type: "any" };
  }
  if (toolChoice === undefined || count === 0) return undefined;
  if (typeof toolChoice === "object") return { type: "tool", name: toolChoice.name };
  return { type: toolChoice === "required" ? "any" : toolChoice };
}

/** The provider refuses to think when a call is demanded. */
function isForced(toolChoice: JsonObject | undefined): boolean {
  return toolChoice?.["type"] === "any" || toolChoice?.["type"] === "tool";
}

/**
 * A model that thinks by a budget wants to see how the turn began that it goes on with. If another provider's
 * model began it, there is no thinking that this one would take.
 */
function canGoOnThinking({ messages }: ModelRequest): boolean {
  if (messages.at(-1)?.role === "user") return true;
  const turn = messages.findLast(
    (message): message is Extract<Message, { role: "assistant" }> => message.role === "assistant",
  );
  const first = turn?.parts[0];
  return turn === undefined || (first?.type === "thinking" && isOwnThinking(first));
}
