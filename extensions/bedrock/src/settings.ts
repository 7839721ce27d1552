import { respondToolName } from "@tau/agent/adapter";
import type { ModelRequest } from "@tau/agent";
import type { OutputShape } from "@tau/agent/adapter";
import { isJsonObject } from "@tau/core";
import type { Json, JsonObject } from "@tau/core";

import type { ConverseBodyOptions } from "./body-options.ts";
import { isOwnThinking } from "./message-content.ts";
import type { ModelFamily } from "./model-family.ts";

const budgetTokens = { low: 2048, medium: 8192, high: 24_576 } as const;
type Effort = keyof typeof budgetTokens;

/** The fields of a body that are neither tools, system nor messages. */
export function toSettings(
  request: ModelRequest,
  shape: OutputShape | undefined,
  options: ConverseBodyOptions,
): Readonly<Record<string, Json | undefined>> {
  const effort = toEffort(request, shape, options.family);
  const { thinking } = options.family;
  return {
    inferenceConfig: toInference(request, effort, options),
    additionalModelRequestFields: toThinking(request, effort, options.family),
    outputConfig: toOutputConfig(thinking === "adaptive" ? effort : undefined, shape),
    guardrailConfig: toGuardrail(request, options),
  };
}

/** Only a stream can be let out before the guardrail has read it; a whole answer knows no word for that. */
function toGuardrail({ delivery }: ModelRequest, { guardrail }: ConverseBodyOptions): JsonObject | undefined {
  if (guardrail === undefined || delivery !== "whole") return guardrail;
  const { streamProcessingMode: _mode, ...config } = guardrail;
  return config;
}

/** How a call is demanded of this model. */
export function toToolChoice(
  { tools, toolChoice }: ModelRequest,
  shape: OutputShape | undefined,
  { forcing }: ModelFamily,
): JsonObject | undefined {
  const any = forcing === "none" ? undefined : { any: {} };
  if (shape?.kind === "tool") {
    const alone = tools.length === 0 || toolChoice === "none";
    return alone && forcing === "tool" ? { tool: { name: respondToolName } } : any;
  }
  if (typeof toolChoice === "object") return forcing === "tool" ? { tool: { name: toolChoice.name } } : any;
  return toolChoice === "required" ? any : undefined;
}

/** The caller's own fields of the body; those for the model itself are added to Tau's. */
export function withExtra(
  settings: Readonly<Record<string, Json | undefined>>,
  extra: JsonObject | undefined,
): JsonObject | undefined {
  const own = settings["additionalModelRequestFields"];
  const theirs = extra?.["additionalModelRequestFields"];
  if (!isJsonObject(own) || !isJsonObject(theirs)) return extra;
  return { ...extra, additionalModelRequestFields: { ...own, ...theirs } };
}

/** How hard to think; undefined where the model cannot, or may not: Claude refuses to think when a call is demanded. */
function toEffort(
  request: ModelRequest,
  shape: OutputShape | undefined,
  family: ModelFamily,
): Effort | undefined {
  const { reasoning } = request;
  if (reasoning === undefined || reasoning === "none" || family.thinking === "none") return undefined;
  const isClaude = family.thinking === "budget" || family.thinking === "adaptive";
  if (isClaude && toToolChoice(request, shape, family) !== undefined) return undefined;
  return family.thinking === "budget" && !canGoOnThinking(request, family.vendor) ? undefined : reasoning;
}

/**
 * A model that thinks by a budget wants to see how the turn began that it goes on with. If another provider's
 * model began it, there is no thinking that this one would take.
 */
function canGoOnThinking({ messages }: ModelRequest, vendor: string): boolean {
  if (messages.at(-1)?.role === "user") return true;
  const turn = messages.findLast((message) => message.role === "assistant");
  const first = turn?.parts[0];
  return turn === undefined || (first?.type === "thinking" && isOwnThinking(first, vendor));
}

function toInference(
  request: ModelRequest,
  effort: Effort | undefined,
  options: ConverseBodyOptions,
): JsonObject | undefined {
  const { stopSequences = [], temperature, topP } = request;
  const { thinking } = options.family;
  const budget = effort !== undefined && thinking === "budget" ? budgetTokens[effort] : 0;
  const asked = request.maxOutputTokens ?? options.maxOutputTokens ?? (budget > 0 ? 8192 : undefined);
  // Nova takes no limit at its highest effort, and Claude only the defaults when it thinks.
  const limited = !(thinking === "nova" && effort === "high");
  // From Claude Opus 4.1 on a request with both is refused.
  const isTooMuch = options.family.vendor === "anthropic" && temperature !== undefined;
  const samples = options.sampling && (effort === undefined || thinking === "reasoning_effort");
  const config = {
    ...(asked === undefined || !limited ? {} : { maxTokens: asked + budget }),
    ...(temperature === undefined || !samples ? {} : { temperature }),
    ...(topP === undefined || !samples || isTooMuch ? {} : { topP }),
    ...(stopSequences.length === 0 ? {} : { stopSequences }),
  };
  return Object.keys(config).length === 0 ? undefined : config;
}

function toThinking(
  { reasoning }: ModelRequest,
  effort: Effort | undefined,
  { thinking }: ModelFamily,
): JsonObject | undefined {
  if (reasoning === undefined || thinking === "none") return undefined;
  switch (thinking) {
    case "nova":
      return {
        reasoningConfig:
          effort === undefined ? { type: "disabled" } : { type: "enabled", maxReasoningEffort: effort },
      };
    case "reasoning_effort":
      return effort === undefined ? undefined : { reasoning_effort: effort };
    case "budget":
      return effort === undefined
        ? undefined
        : { thinking: { type: "enabled", budget_tokens: budgetTokens[effort] } };
    default:
      return { thinking: { type: effort === undefined ? "disabled" : "adaptive" } };
  }
}

function toOutputConfig(effort: Effort | undefined, shape: OutputShape | undefined): JsonObject | undefined {
  const textFormat =
    shape?.kind === "format"
      ? {
          type: "json_schema",
          structure: {
            jsonSchema: {
              schema: JSON.stringify(shape.schema),
              name: shape.name.replaceAll(/[^a-zA-Z0-9_-]/g, "_"),
            },
          },
        }
      : undefined;
  if (effort === undefined && textFormat === undefined) return undefined;
  return { ...(effort === undefined ? {} : { effort }), ...(textFormat === undefined ? {} : { textFormat }) };
}
