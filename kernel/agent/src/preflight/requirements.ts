import { estimateTextTokens, estimateTokens } from "@tau/core";
import type { Part } from "@tau/core";

import type { ModelRequest } from "../model.ts";

/** What a role or a request needs of its model. What is left out is not needed. */
export interface CapabilityRequirements {
  /** `true`, or how many there are. */
  readonly tools?: boolean | number;
  readonly parallelTools?: boolean;
  /** A demanded tool call: `toolChoice` is `required` or names a tool. */
  readonly forcedTools?: boolean;
  /** An answer in the shape of a schema. */
  readonly structuredOutput?: boolean;
  readonly reasoning?: boolean;
  /** Pictures in. */
  readonly vision?: boolean;
  /** Sounds in. */
  readonly audio?: boolean;
  /** Documents in, such as PDFs. */
  readonly files?: boolean;
  /** A temperature or a top-p. */
  readonly sampling?: boolean;
  readonly streaming?: boolean;
  readonly embeddings?: boolean;
  readonly transcription?: boolean;
  readonly speech?: boolean;
  /** Tokens of the whole prompt; an estimate. */
  readonly promptTokens?: number;
  readonly outputTokens?: number;
}

/** The parts of a request that a model reads. */
export type PromptRequest = Pick<ModelRequest, "system" | "messages" | "tools" | "outputSchema">;

/** Estimates the tokens of a whole prompt: instructions, tools, schema and messages. Costs O(prompt). */
export function estimatePromptTokens({ system = "", messages, tools, outputSchema }: PromptRequest): number {
  let tokens = estimateTextTokens(system);
  for (const tool of tools) tokens += estimateTextTokens(JSON.stringify(tool));
  if (outputSchema !== undefined) tokens += estimateTextTokens(JSON.stringify(outputSchema.schema));
  for (const message of messages) tokens += estimateTokens(message);
  return Math.ceil(tokens);
}

/** Finds out what a request needs. `promptTokens` is estimated when it is not given. */
export function requirementsOf(request: ModelRequest, promptTokens?: number): CapabilityRequirements {
  const { tools, toolChoice = "auto", outputSchema, reasoning, maxOutputTokens } = request;
  const offered = toolChoice === "none" ? 0 : tools.length;
  return {
    tools: offered,
    forcedTools: offered > 0 && (toolChoice === "required" || typeof toolChoice === "object"),
    structuredOutput: outputSchema !== undefined,
    reasoning: reasoning !== undefined && reasoning !== "none",
    ...mediaOf(request),
    sampling: request.temperature !== undefined || request.topP !== undefined,
    promptTokens: promptTokens ?? estimatePromptTokens(request),
    ...(maxOutputTokens === undefined ? {} : { outputTokens: maxOutputTokens }),
  };
}

function mediaOf({ messages }: ModelRequest): Pick<CapabilityRequirements, "vision" | "audio" | "files"> {
  const found = { vision: false, audio: false, files: false };
  for (const message of messages) for (const part of message.parts) noteMedia(part, found);
  return found;
}

function noteMedia(part: Part, found: { vision: boolean; audio: boolean; files: boolean }): void {
  if (part.type === "image") found.vision = true;
  else if (part.type === "audio") found.audio = true;
  // Adapters send the words of a text file as text.
  else if (part.type === "file") found.files ||= !part.mediaType.startsWith("text/");
  else if (part.type === "tool_result") for (const content of part.content) noteMedia(content, found);
}
