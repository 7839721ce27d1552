import type { Model, ModelRequest } from "@tau/agent";
import { estimateTextTokens, estimateTokens, noUsage } from "@tau/core";
import type { Message, MicroUsd, ModelEvent, Price, ServiceTier, ToolDefinition } from "@tau/core";

import { notesOf } from "../message-notes.ts";
import { dearestOf, unpricedOf } from "../services-of.ts";

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
  readonly services: readonly ServiceTier[];
}

/** What a call can cost. */
interface DearestCost<Priceable> {
  /** Of what is known. */
  readonly costMicroUsd: MicroUsd;
  /** Who has no price, or none for a service. */
  readonly unknown?: { readonly model: Priceable; readonly service?: ServiceTier };
}

/** The most that a call can cost with any of the models, also when all of its prompt is written to a prompt cache. */
export function dearestCost<Priceable extends Pick<Model, "price">>(
  models: readonly Priceable[],
  { inputTokens, outputTokens, services }: Priced,
): DearestCost<Priceable> {
  const usage = { ...noUsage, inputTokens, outputTokens };
  const written = { ...usage, cacheWriteTokens: inputTokens };
  let costMicroUsd = 0;
  let unknown: DearestCost<Priceable>["unknown"];
  let before: Price | undefined;
  for (const model of models) {
    const { price } = model;
    if (price === undefined) {
      unknown ??= { model };
      continue;
    }
    if (price === before) continue;
    before = price;
    const service = unpricedOf(usage, price, services);
    if (service !== undefined) unknown ??= { model, service };
    costMicroUsd = Math.max(costMicroUsd, dearestOf(usage, price, services));
    // Otherwise it costs like other input.
    if (mayWrite(price)) costMicroUsd = Math.max(costMicroUsd, dearestOf(written, price, services));
  }
  return unknown === undefined ? { costMicroUsd } : { costMicroUsd, unknown };
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
