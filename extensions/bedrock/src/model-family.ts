import type { ModelCapabilities } from "@tau/agent";
import { claudeTakesSchema, claudeThinking } from "@tau/agent/adapter";

/** How the models of one vendor differ behind the one interface. */
export interface ModelFamily {
  /** For example `anthropic`; empty when the model's id does not say. */
  readonly vendor: string;
  /** How thinking is asked for: `budget` and `adaptive` are Claude's ways. */
  readonly thinking: "budget" | "adaptive" | "nova" | "reasoning_effort" | "none";
  /** How a call can be demanded: of a tool by its name, of any tool, or not at all. */
  readonly forcing: "tool" | "any" | "none";
  /** Whether prompts can be marked for the cache. */
  readonly marks: boolean;
  /** Whether results of tools may say that they failed. */
  readonly toolStatus: boolean;
  /** Whether the provider holds the model to a schema. */
  readonly enforcesSchema: boolean;
}

const vendors =
  /(?:^|[./])(ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot(?:ai)?|nvidia|openai|qwen|writer|zai)\./;

/** Claude models from before prompts could be marked. */
const unmarked = /claude-(?:v2|instant|3-(?:opus|sonnet|haiku)|3-5-sonnet-20240620)/;

const plain = {
  thinking: "none",
  forcing: "none",
  marks: false,
  toolStatus: false,
  enforcesSchema: false,
} as const;

/**
 * What a model's id tells, for example `us.anthropic.claude-sonnet-4-5-20250929-v1:0` or the ARN of an
 * inference profile; what is known of the model wins. Source: the user guide's tables of what Converse
 * supports, November 2026.
 */
export function familyOf(model: string, known?: ModelCapabilities): ModelFamily {
  const family = byName(model);
  const { structuredOutput = "unknown", promptCache = "unknown", reasoning, forcedTools } = known ?? {};
  return {
    ...family,
    ...(reasoning === "no" ? { thinking: "none" } : {}),
    ...(forcedTools === "no" ? { forcing: "none" } : {}),
    ...(promptCache === "unknown" ? {} : { marks: promptCache === "explicit_marker" }),
    ...(structuredOutput === "unknown" ? {} : { enforcesSchema: structuredOutput === "strict_schema" }),
  };
}

function byName(model: string): ModelFamily {
  const vendor = vendors.exec(model)?.[1] ?? "";
  switch (vendor) {
    case "anthropic":
      return {
        vendor,
        thinking: claudeThinking(model),
        forcing: "tool",
        marks: !unmarked.test(model),
        toolStatus: true,
        enforcesSchema: claudeTakesSchema(model),
      };
    case "amazon":
      return {
        ...plain,
        vendor,
        thinking: model.includes("nova-2") ? "nova" : "none",
        forcing: "tool",
        toolStatus: true,
      };
    case "mistral":
      return { ...plain, vendor, forcing: "any" };
    case "openai":
      return { ...plain, vendor, thinking: "reasoning_effort" };
    default:
      return { ...plain, vendor };
  }
}
