import { performance } from "node:perf_hooks";

import type { AssistantMessage, MicroUsd, ModelFinished, StopReason, Usage } from "@tau/core";

import { isUsage } from "./is-usage.ts";
import { dearestOf, unpricedOf } from "./services-of.ts";
import type { CallRecord, LayerEntry, RetriedAttempt, ValidationSummary } from "./call-record.ts";

/** A whole answer, and what happened on the way. */
export interface PipelineResponse {
  readonly message: AssistantMessage;
  /** What the answer took when it was made; a hit costs nothing all the same. */
  readonly usage: Usage;
  /**
   * Absent when the model has no price, or the request names `priority` and the price does not; 0 for a hit. Never less
   * than the usual price, as a provider may not read what the request names: a call in `flex` or `batch` costs less than this.
   */
  readonly costMicroUsd?: MicroUsd;
  readonly stopReason: StopReason;
  /** The model that really answered, as the provider names it. */
  readonly model: string;
  readonly responseId?: string;
  readonly telemetry: ResponseTelemetry;
  /** Absent when there are no validators. */
  readonly validationSummary?: ValidationSummary;
}

/** How a call went. */
export interface ResponseTelemetry {
  readonly cacheHit: boolean;
  readonly retryCount: number;
  readonly retryAttempts: readonly RetriedAttempt[];
  /** From asking the provider that answered to its last word; 0 for a hit. */
  readonly providerLatencyMs: number;
  readonly pipelineTotalMs: number;
  readonly layers: readonly LayerEntry[];
}

/** Joins an answer and the record of its call. */
export function toResponse(finished: ModelFinished, record: CallRecord): PipelineResponse {
  const costMicroUsd = costOfCall(finished, record);
  const { message, usage, stopReason, model, responseId } = finished;
  return {
    message,
    usage,
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
    stopReason,
    model,
    ...(responseId === undefined ? {} : { responseId }),
    telemetry: toTelemetry(record),
    ...(record.validation === undefined ? {} : { validationSummary: record.validation }),
  };
}

/** How the call of this record went until now. */
function toTelemetry(record: CallRecord): ResponseTelemetry {
  const nowMs = performance.now() - record.startedMs;
  const attempt = record.attempts.at(-1);
  const isAsked = attempt !== undefined && !record.cacheHit;
  return {
    cacheHit: record.cacheHit,
    retryCount: record.retries.length,
    retryAttempts: record.retries,
    providerLatencyMs: isAsked ? (attempt.endedMs ?? nowMs) - attempt.startedMs : 0,
    pipelineTotalMs: nowMs,
    layers: record.layers,
  };
}

/**
 * What an answer costs at most: nothing when it came out of the cache, undefined when nobody knows. The usual price, or that
 * of a dearer service that the request names; never that of a cheaper one.
 */
export function costOfCall(
  { usage }: Pick<ModelFinished, "usage">,
  record: CallRecord,
): MicroUsd | undefined {
  if (record.cacheHit) return 0;
  const price = record.answeredBy?.price;
  if (price === undefined || !isUsage(usage)) return undefined;
  const { services } = record;
  return unpricedOf(usage, price, services) === undefined ? dearestOf(usage, price, services) : undefined;
}
