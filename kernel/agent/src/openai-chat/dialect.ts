import type { JsonObject } from "@tau/core";

import type { CallIdRule } from "../call-id.ts";

/** How hard to think, as a request says it. */
type ReasoningLevel = "none" | "low" | "medium" | "high";

/**
 * How a server that speaks OpenAI Chat Completions differs from OpenAI's own. Data, not code: a new
 * compatible provider is a new record in `providers.ts`.
 */
export interface OpenAiChatDialect {
  readonly maxTokensField: "max_completion_tokens" | "max_tokens";
  /** Ask for usage at the end of the stream by `stream_options`; some servers refuse the field. */
  readonly streamUsage: boolean;
  readonly systemRole: "system" | "developer";
  /** Fields of a delta that hold thinking; the first one present counts. */
  readonly reasoningFields: readonly string[];
  /** What a request says for each level of thinking; nothing for a level that is not here. */
  readonly reasoning: Readonly<Partial<Record<ReasoningLevel, JsonObject>>>;
  /** The field in which thinking goes back to the server as text; absent when it must not go back. */
  readonly reasoningReturnField?: string;
  /** Thinking comes with `reasoning_details`, which go back unchanged instead of the text. */
  readonly reasoningDetails: boolean;
  /** Thinking goes back as a part of the content, as Mistral has it. */
  readonly thinkingParts: boolean;
  /** With `json_object` and `none` the schema is written into the instructions. */
  readonly structuredOutput: "json_schema" | "json_object" | "none";
  /** What makes a model call some tool. */
  readonly requiredToolChoice: "required" | "any";
  readonly seedField: "seed" | "random_seed" | "none";
  /** Which ids of calls it takes, those of other providers among them. */
  readonly callIds: CallIdRule;
  /** Fields of every request. */
  readonly requestFields: JsonObject;
  /** Fields of an answer with what tools did at the provider; each becomes a provider item. */
  readonly itemFields: readonly string[];
  /** Whether the stream ends with `data: [DONE]`; else it ends after the finish reason, at the end of the response. */
  readonly doneMarker: boolean;
  /** Whether a stream says why it ended; without, the end marker alone is believed. */
  readonly finishReason: boolean;
}

/** One field for all levels. */
const reasoningEffort: OpenAiChatDialect["reasoning"] = {
  none: { reasoning_effort: "none" },
  low: { reasoning_effort: "low" },
  medium: { reasoning_effort: "medium" },
  high: { reasoning_effort: "high" },
};

/** The object that OpenRouter introduced. */
export const reasoningObject: OpenAiChatDialect["reasoning"] = {
  none: { reasoning: { enabled: false } },
  low: { reasoning: { effort: "low" } },
  medium: { reasoning: { effort: "medium" } },
  high: { reasoning: { effort: "high" } },
};

/** The same words for every level but `none`. */
export function thinkingSwitch(off: JsonObject, on: JsonObject): OpenAiChatDialect["reasoning"] {
  return { none: off, low: on, medium: on, high: on };
}

/** A switch and, for models that have degrees, an effort. The services that have both know no middle. */
export function thinkingEffort(on: JsonObject): OpenAiChatDialect["reasoning"] {
  return {
    none: { thinking: { type: "disabled" } },
    low: { thinking: on, reasoning_effort: "low" },
    medium: { thinking: on, reasoning_effort: "high" },
    high: { thinking: on, reasoning_effort: "high" },
  };
}

/** What most servers understand: vLLM, llama.cpp, LM Studio, MLX, Ollama, Together, … */
export const compatibleDialect: OpenAiChatDialect = {
  maxTokensField: "max_tokens",
  streamUsage: true,
  systemRole: "system",
  reasoningFields: ["reasoning_content", "reasoning"],
  reasoning: reasoningEffort,
  reasoningDetails: false,
  thinkingParts: false,
  structuredOutput: "json_schema",
  requiredToolChoice: "required",
  seedField: "seed",
  callIds: { pattern: /^/, length: 24 },
  requestFields: {},
  itemFields: [],
  doneMarker: true,
  finishReason: true,
};

/** OpenAI itself. */
export const openAiDialect: OpenAiChatDialect = {
  ...compatibleDialect,
  maxTokensField: "max_completion_tokens",
  callIds: { pattern: /^.{1,40}$/s, length: 24 },
};
