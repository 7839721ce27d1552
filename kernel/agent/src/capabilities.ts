import type { Price } from "@tau/core";

/** What is known of an ability. `unknown` is not `no`: whoever must decide says which way it counts. */
export type Known = "yes" | "no" | "unknown";

/** What goes into a model, or comes out of it. `file` is a document such as a PDF. */
export type Modality = "text" | "image" | "audio" | "video" | "file";

/**
 * The best way a model has to answer in a given shape: not at all, some JSON, JSON of exactly the schema, or
 * the arguments of a tool that it is forced to call.
 */
export type StructuredOutput = "none" | "json_mode" | "strict_schema" | "forced_tool" | "unknown";

/**
 * How the provider keeps prompts: not at all, any prefix by itself, up to the markers in the request, or as an
 * object that is made before.
 */
export type PromptCache = "none" | "implicit_prefix" | "explicit_marker" | "explicit_object" | "unknown";

/**
 * What one model at one provider can do, as far as anybody knows.
 *
 * Comes from the catalog, from the provider's own list, from `tau probe` or from the configuration; never from
 * a guess. Read by `preflight()`, by routing and by the adapters.
 */
export interface ModelCapabilities {
  /** Takes a conversation and answers; `no` for models that only embed, transcribe or speak. */
  readonly chat: Known;
  readonly streaming: Known;
  readonly tools: Known;
  /** Several tool calls in one answer. */
  readonly parallelTools: Known;
  /** `toolChoice` may demand a call: `required`, or a tool's name. */
  readonly forcedTools: Known;
  /** Tools and an output schema in the same request. */
  readonly toolsWithSchema: Known;
  readonly structuredOutput: StructuredOutput;
  readonly reasoning: Known;
  /** Thinks between tool calls, too. */
  readonly reasoningWithTools: Known;
  /** `temperature` and `topP` are accepted. */
  readonly sampling: Known;
  readonly promptCache: PromptCache;
  /** Vision is `input.image`. */
  readonly input: Readonly<Record<Modality, Known>>;
  readonly output: Readonly<Record<Modality, Known>>;
  readonly embeddings: Known;
  readonly transcription: Known;
  readonly speech: Known;
  /** Tokens of prompt and answer together. */
  readonly maxContextTokens?: number;
  /** Tokens of the prompt, where the provider limits it apart. */
  readonly maxInputTokens?: number;
  readonly maxOutputTokens?: number;
  readonly price?: Price;
}

const unknownModalities: Readonly<Record<Modality, Known>> = {
  text: "unknown",
  image: "unknown",
  audio: "unknown",
  video: "unknown",
  file: "unknown",
};

/** Nothing is known. */
export const unknownCapabilities: ModelCapabilities = {
  chat: "unknown",
  streaming: "unknown",
  tools: "unknown",
  parallelTools: "unknown",
  forcedTools: "unknown",
  toolsWithSchema: "unknown",
  structuredOutput: "unknown",
  reasoning: "unknown",
  reasoningWithTools: "unknown",
  sampling: "unknown",
  promptCache: "unknown",
  input: unknownModalities,
  output: unknownModalities,
  embeddings: "unknown",
  transcription: "unknown",
  speech: "unknown",
};

/** Some capabilities; what is left out is not known. */
export type CapabilityFacts = Partial<Omit<ModelCapabilities, "input" | "output">> & {
  readonly input?: Partial<Readonly<Record<Modality, Known>>>;
  readonly output?: Partial<Readonly<Record<Modality, Known>>>;
};

/** Adds facts to what is known so far; the facts win. */
export function withFacts(base: ModelCapabilities, facts: CapabilityFacts): ModelCapabilities {
  return {
    ...base,
    ...facts,
    input: { ...base.input, ...facts.input },
    output: { ...base.output, ...facts.output },
  };
}

/** Declares capabilities: what `facts` leaves out is `unknown`. */
export function defineCapabilities(facts: CapabilityFacts): ModelCapabilities {
  return withFacts(unknownCapabilities, facts);
}

/** Tokens that a prompt may have; undefined when nobody knows. */
export function windowOf(capabilities: ModelCapabilities): number | undefined {
  return capabilities.maxInputTokens ?? capabilities.maxContextTokens;
}
