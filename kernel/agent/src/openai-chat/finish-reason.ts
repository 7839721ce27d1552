import type { StopReason } from "@tau/core";

/** How an answer ended, or that it did not: then nothing of it is complete. */
export type FinishMeaning = StopReason | "broken";

/** OpenAI's own words, then those of its imitators, in lower case. */
const meanings: ReadonlyMap<string, FinishMeaning> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filtered"],
  // Mistral, and what stands behind gateways that hand the words of others on.
  ["model_length", "length"],
  ["max_tokens", "length"],
  ["safety", "content_filtered"],
  // Z.ai
  ["model_context_window_exceeded", "length"],
  ["sensitive", "content_filtered"],
  ["network_error", "broken"],
  // watsonx
  ["time_limit", "length"],
  // DeepSeek
  ["insufficient_system_resource", "broken"],
  // vLLM and SGLang, when they go down or were told to give the answer up.
  ["abort", "broken"],
  ["aborted", "broken"],
  ["cancelled", "broken"],
  ["canceled", "broken"],
  ["timeout", "broken"],
]);

/** Whether the reason is a failure, which stands beside it. */
export function isFailure(finishReason: string): boolean {
  return finishReason.toLowerCase() === "error";
}

/** What a finish reason means. Many servers have a word of their own for an end that is none of the others. */
export function meaningOf(finishReason: string): FinishMeaning {
  return meanings.get(finishReason) ?? meanings.get(finishReason.toLowerCase()) ?? "stop";
}
