import { requestDigest } from "../cache/request-digest.ts";
import type { BodyRef, CallEvent, CallTelemetry } from "./call-event.ts";
import type { CallOutcome } from "./call-outcome.ts";

/** What else goes into an event. */
export interface EventExtras {
  readonly requestRef?: BodyRef;
  readonly responseRef?: BodyRef;
  readonly tags: readonly string[];
}

/** Writes the event of a call. */
export function toCallEvent(outcome: CallOutcome, extras: EventExtras): CallEvent {
  const { call, result, answer, costMicroUsd } = outcome;
  const { request, context, record } = call;
  const { sessionId, traceId, tenant } = context;
  const { temperature, maxOutputTokens, reasoning } = request;
  const { provider, id: model } = record.answeredBy ?? call.model;
  return {
    type: "llm.call",
    version: 1,
    id: record.id,
    at: record.startedAt,
    tenant,
    ...(sessionId === undefined ? {} : { sessionId }),
    traceId,
    principalId: (record.principal ?? context.principal).id,
    provider,
    model,
    requestFingerprint: requestDigest(call),
    hasTools: request.tools.length > 0,
    hasThinking: reasoning !== undefined && reasoning !== "none",
    hasStructuredOutput: request.outputSchema !== undefined,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(answer === undefined
      ? {}
      : { actualModel: answer.model, usage: answer.usage, stopReason: answer.stopReason }),
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
    telemetry: toTelemetry(outcome),
    ...(record.validation === undefined ? {} : { validation: record.validation }),
    result,
    ...extras,
  };
}

function toTelemetry({ call, firstBatchMs, totalMs }: CallOutcome): CallTelemetry {
  const { cacheHit, cacheLevel, cacheRefusal, layers, attempts, retries, skipped, guard, redactions } =
    call.record;
  return {
    totalMs,
    ...(firstBatchMs === undefined ? {} : { firstBatchMs }),
    cacheHit,
    ...(cacheLevel === undefined ? {} : { cacheLevel }),
    ...(cacheRefusal === undefined ? {} : { cacheRefusal }),
    layers,
    attempts,
    retries,
    skipped,
    ...(guard === undefined ? {} : { guard }),
    redactions,
  };
}
