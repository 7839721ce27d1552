import { requestDigest } from "../cache/request-digest.ts";
import type { BodyRef, CallEvent, CallTelemetry } from "./call-event.ts";
import type { CallOutcome } from "./call-outcome.ts";

/** Where the bodies of a call are kept. */
export interface BodyRefs {
  readonly requestRef?: BodyRef;
  readonly responseRef?: BodyRef;
}

/** What is absent is left out: it is set afterwards, because spreading what may be there costs more than all else in here. */
type Draft<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Writes the event of a call. */
export function toCallEvent(outcome: CallOutcome, refs: BodyRefs, tags: readonly string[]): CallEvent {
  const { call, result, answer, usage, costMicroUsd } = outcome;
  const { request, context, record } = call;
  const { temperature, maxOutputTokens, reasoning } = request;
  const { provider, id: model } = record.answeredBy ?? call.model;
  const event: Draft<CallEvent> = {
    type: "llm.call",
    version: 1,
    id: record.id,
    at: record.startedAt,
    tenant: context.tenant,
    traceId: context.traceId,
    principalId: (record.principal ?? context.principal).id,
    provider,
    model,
    requestFingerprint: requestDigest(call),
    hasTools: request.tools.length > 0,
    hasThinking: reasoning !== undefined && reasoning !== "none",
    hasStructuredOutput: request.outputSchema !== undefined,
    telemetry: toTelemetry(outcome),
    result,
    tags,
  };
  if (context.sessionId !== undefined) event.sessionId = context.sessionId;
  if (temperature !== undefined) event.temperature = temperature;
  if (maxOutputTokens !== undefined) event.maxOutputTokens = maxOutputTokens;
  if (answer !== undefined) {
    event.actualModel = answer.model;
    event.stopReason = answer.stopReason;
  }
  if (usage !== undefined) event.usage = usage;
  if (costMicroUsd !== undefined) event.costMicroUsd = costMicroUsd;
  if (record.validation !== undefined) event.validation = record.validation;
  if (refs.requestRef !== undefined) event.requestRef = refs.requestRef;
  if (refs.responseRef !== undefined) event.responseRef = refs.responseRef;
  return event;
}

function toTelemetry({ call, firstBatchMs, totalMs }: CallOutcome): CallTelemetry {
  const { record } = call;
  const telemetry: Draft<CallTelemetry> = {
    totalMs,
    cacheHit: record.cacheHit,
    layers: record.layers,
    attempts: record.attempts,
    retries: record.retries,
    skipped: record.skipped,
    redactions: record.redactions,
  };
  if (firstBatchMs !== undefined) telemetry.firstBatchMs = firstBatchMs;
  if (record.cacheLevel !== undefined) telemetry.cacheLevel = record.cacheLevel;
  if (record.cacheRefusal !== undefined) telemetry.cacheRefusal = record.cacheRefusal;
  if (record.guard !== undefined) telemetry.guard = record.guard;
  return telemetry;
}
