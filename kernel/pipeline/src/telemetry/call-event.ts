import type { IncompatibleCandidate } from "@tau/agent";
import type { ErrorClass, JsonObject, MicroUsd, StopReason, Usage } from "@tau/core";

import type { Attempt, LayerEntry, RetriedAttempt, ValidationSummary } from "../call-record.ts";
import type { CacheRefusal } from "../cache/cache-facts.ts";
import type { GuardFacts } from "../guard/guard-facts.ts";

/** Bytes that an event refers to instead of holding them. */
export interface BodyRef {
  readonly tenant: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** How a call ended. `left`: the caller gave up or went away. */
export type CallResult =
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly code: string; readonly class: ErrorClass }
  | { readonly kind: "left" };

/** How a call went on its way through the layers. Times are milliseconds since the call began. */
export interface CallTelemetry {
  readonly totalMs: number;
  readonly firstBatchMs?: number;
  readonly cacheHit: boolean;
  readonly cacheLevel?: string;
  readonly cacheRefusal?: CacheRefusal;
  readonly layers: readonly LayerEntry[];
  readonly attempts: readonly Attempt[];
  readonly retries: readonly RetriedAttempt[];
  readonly skipped: readonly IncompatibleCandidate[];
  readonly guard?: GuardFacts;
  readonly redactions: number;
}

/**
 * What is kept of one call of a pipeline, whatever became of it: version 1. Holds no prompt and no answer; those are
 * bodies of their own, where they are kept at all.
 */
export interface CallEvent {
  readonly type: "llm.call";
  readonly version: 1;
  /** The id of the call's record, a UUIDv7. */
  readonly id: string;
  /** Milliseconds since the epoch when the call began. */
  readonly at: number;
  readonly tenant: string;
  readonly sessionId?: string;
  readonly traceId: string;
  readonly principalId: string;
  /** Who answered, or was to answer first. */
  readonly provider: string;
  readonly model: string;
  /** The model as the provider names it. */
  readonly actualModel?: string;
  /**
   * SHA-256 of tenant and request: equal requests of a tenant have the same, and nobody can tell whether another
   * tenant asked the same.
   */
  readonly requestFingerprint: string;
  readonly hasTools: boolean;
  readonly hasThinking: boolean;
  readonly hasStructuredOutput: boolean;
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  readonly requestRef?: BodyRef;
  readonly responseRef?: BodyRef;
  readonly usage?: Usage;
  readonly costMicroUsd?: MicroUsd;
  readonly stopReason?: StopReason;
  readonly telemetry: CallTelemetry;
  readonly validation?: ValidationSummary;
  readonly result: CallResult;
  readonly tags: readonly string[];
}

/** An event of a later version of Tau: kept and shown, never fatal. */
export interface UnknownCallEvent {
  readonly type: string;
  readonly version: number;
  readonly id: string;
  readonly at: number;
  readonly tenant: string;
  readonly sessionId?: string;
  readonly body: JsonObject;
}

/** What a store gives back. */
export type StoredCallEvent = CallEvent | UnknownCallEvent;

/** Tells events apart that this version understands. */
export function isCallEvent(event: StoredCallEvent): event is CallEvent {
  return event.type === "llm.call" && event.version === 1;
}
