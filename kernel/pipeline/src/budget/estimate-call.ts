import type { Model, ModelRequest } from "@tau/agent";
import { costOf, estimateTextTokens, estimateTokens, noUsage } from "@tau/core";
import type { Message, MicroUsd, ModelEvent, Price, ServiceTier, ToolDefinition } from "@tau/core";

import { notesOf } from "../message-notes.ts";

// Tools are never edited in place, so each is estimated once in its life.
const toolTokens = new WeakMap<ToolDefinition, number>();

/** Estimates the tokens of a prompt. Costs O(new messages). */
export function estimateInputTokens({ system = "", tools, messages }: ModelRequest): number {
  let tokens = estimateTextTokens(system);
  for (const tool of tools) tokens += tokensOfTool(tool);
  const [only] = messages;
  if (only !== undefined && messages.length === 1) tokens += estimateTokens(only);
  else for (const message of messages) tokens += tokensOfMessage(message);
  return Math.ceil(tokens);
}

/** Estimates the tokens that a batch adds to an answer. */
export function estimateOutputTokens(batch: readonly ModelEvent[]): number {
  let text = "";
  for (const event of batch) {
    if (event.type === "text_delta" || event.type === "thinking_delta") text += event.text;
    else if (event.type === "tool_call_delta") text += event.fragment;
  }
  return estimateTextTokens(text);
}

/** What is to be priced. */
export interface Priced {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly service: ServiceTier | undefined;
}

/**
 * The most that a call can cost with any of the models, also when all of its prompt is written to a prompt cache;
 * undefined when one has no price, or none for the service.
 */
export function dearestCost(
  models: readonly Pick<Model, "price">[],
  { inputTokens, outputTokens, service }: Priced,
): MicroUsd | undefined {
  const usage = { ...noUsage, inputTokens, outputTokens };
  const written = { ...noUsage, inputTokens, outputTokens, cacheWriteTokens: inputTokens };
  let dearest = 0;
  let before: Price | undefined;
  for (const { price } of models) {
    if (price === undefined) return undefined;
    if (price === before) continue;
    before = price;
    const cost = costOf(usage, price, service);
    if (cost === undefined) return undefined;
    dearest = Math.max(dearest, cost);
    // Otherwise it costs like other input.
    if (mayWrite(price)) dearest = Math.max(dearest, costOf(written, price, service) ?? 0);
  }
  return dearest;
}

function mayWrite({ cacheWritePerMillion, tiers }: Price): boolean {
  return cacheWritePerMillion !== undefined || tiers !== undefined;
}

function tokensOfMessage(message: Message): number {
  const notes = notesOf(message);
  notes.tokens ??= estimateTokens(message);
  return notes.tokens;
}

function tokensOfTool(tool: ToolDefinition): number {
  const known = toolTokens.get(tool);
  if (known !== undefined) return known;
  const { name, description, inputSchema } = tool;
  const tokens =
    estimateTextTokens(name) +
    estimateTextTokens(description) +
    estimateTextTokens(JSON.stringify(inputSchema));
  toolTokens.set(tool, tokens);
  return tokens;
}
