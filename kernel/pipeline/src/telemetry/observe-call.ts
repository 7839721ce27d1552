import type { Json, Observation, Observer } from "@tau/core";

import { observeSafely } from "../observe-safely.ts";
import type { CallOutcome } from "./call-outcome.ts";
import type { LabelLimits } from "./label-limits.ts";

type Attributes = Record<string, Json>;

/**
 * Tells an observer of a call, by the names of OpenTelemetry's semantic conventions for generative AI (1.41): a span,
 * and a measurement of each metric. No prompt, no answer; names that may be many are bounded in metrics.
 */
export function observeCall(observer: Observer, outcome: CallOutcome, limits: LabelLimits): void {
  const { call, result, usage, totalMs, firstBatchMs } = outcome;
  const { context, record } = call;
  observeSafely(observer, {
    name: `chat ${call.model.id}`,
    level: result.kind === "error" ? 13 : 9,
    traceId: context.traceId,
    tenant: context.tenant,
    attributes: spanAttributes(outcome),
    span: { startedAt: record.startedAt, durationMs: totalMs },
  });
  const labels = metricLabels(outcome, limits);
  const measure = (name: string, attributes: Attributes, metric: NonNullable<Observation["metric"]>): void =>
    observeSafely(observer, { name, level: 9, attributes, metric });
  measure("gen_ai.client.operation.duration", labels, { value: totalMs / 1000, unit: "s" });
  if (firstBatchMs !== undefined) {
    const metric = { value: firstBatchMs / 1000, unit: "s" };
    measure("gen_ai.client.operation.time_to_first_chunk", labels, metric);
  }
  // A hit used no tokens of anybody: what is measured here is what is paid for.
  if (usage === undefined || record.cacheHit) return;
  const { inputTokens, outputTokens } = usage;
  const name = "gen_ai.client.token.usage";
  measure(name, { ...labels, "gen_ai.token.type": "input" }, { value: inputTokens, unit: "{token}" });
  measure(name, { ...labels, "gen_ai.token.type": "output" }, { value: outputTokens, unit: "{token}" });
}

function metricLabels({ call, result, answer }: CallOutcome, limits: LabelLimits): Attributes {
  const { provider, id } = call.record.answeredBy ?? call.model;
  const labels: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": limits.bound("gen_ai.provider.name", provider),
    "gen_ai.request.model": limits.bound("gen_ai.request.model", id),
    "tau.cache.hit": call.record.cacheHit,
  };
  if (answer !== undefined) {
    labels["gen_ai.response.model"] = limits.bound("gen_ai.response.model", answer.model);
  }
  if (result.kind === "error") labels["error.type"] = limits.bound("error.type", result.code);
  if (result.kind === "left") labels["error.type"] = "cancelled";
  return labels;
}

/** What is absent is left out. Each is set by its own name: a function that sets any name is slow. */
function spanAttributes(outcome: CallOutcome): Attributes {
  const { call, result, answer, costMicroUsd, firstBatchMs } = outcome;
  const { request, context, record } = call;
  const { provider, id } = record.answeredBy ?? call.model;
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": id,
    "gen_ai.output.type": request.outputSchema === undefined ? "text" : "json",
    "tau.call.id": record.id,
    "tau.cache.hit": record.cacheHit,
    "tau.retry.count": record.retries.length,
  };
  const { sessionId } = context;
  const { maxOutputTokens, temperature, topP, seed } = request;
  if (sessionId !== undefined) attributes["gen_ai.conversation.id"] = sessionId;
  if (maxOutputTokens !== undefined) attributes["gen_ai.request.max_tokens"] = maxOutputTokens;
  if (temperature !== undefined) attributes["gen_ai.request.temperature"] = temperature;
  if (topP !== undefined) attributes["gen_ai.request.top_p"] = topP;
  if (seed !== undefined) attributes["gen_ai.request.seed"] = seed;
  if (costMicroUsd !== undefined) attributes["tau.cost.micro_usd"] = costMicroUsd;
  if (firstBatchMs !== undefined) attributes["tau.time_to_first_chunk_ms"] = firstBatchMs;
  if (result.kind === "error") {
    attributes["error.type"] = result.code;
    attributes["tau.error.class"] = result.class;
  }
  if (result.kind === "left") attributes["error.type"] = "cancelled";
  if (answer !== undefined) setAnswer(attributes, answer);
  return attributes;
}

function setAnswer(
  attributes: Attributes,
  { model, responseId, stopReason, usage }: NonNullable<CallOutcome["answer"]>,
): void {
  attributes["gen_ai.response.model"] = model;
  if (responseId !== undefined) attributes["gen_ai.response.id"] = responseId;
  attributes["gen_ai.response.finish_reasons"] = [stopReason];
  attributes["gen_ai.usage.input_tokens"] = usage.inputTokens;
  attributes["gen_ai.usage.output_tokens"] = usage.outputTokens;
  attributes["gen_ai.usage.cache_read.input_tokens"] = usage.cacheReadTokens;
  attributes["gen_ai.usage.cache_creation.input_tokens"] = usage.cacheWriteTokens;
  attributes["gen_ai.usage.reasoning.output_tokens"] = usage.reasoningTokens;
}
