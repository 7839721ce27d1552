import { performance } from "node:perf_hooks";

import type { IncompatibleCandidate, ModelRequest } from "@tau/agent";
import { uuidv7 } from "@tau/core";
import type { ErrorClass, Price, Principal, ServiceTier, Usage } from "@tau/core";

import type { CacheBreak, CacheRefusal } from "./cache/cache-facts.ts";
import type { GuardFacts } from "./guard/guard-facts.ts";
import type { LayerName } from "./layer-order.ts";

/**
 * What the layers tell each other about one call and, at the end, the caller: plain facts, made fresh for every
 * call. All fields are there from the beginning, so that the object keeps one shape; times are milliseconds
 * since `startedMs`.
 */
export interface CallRecord {
  /** A UUIDv7. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** `performance.now()` when the call began. */
  readonly startedMs: number;
  /** The layers that the call entered, in that order; inner ones again with every further try. */
  readonly layers: LayerEntry[];
  /** Services whose prices differ from the usual one, and which the request names; often none. */
  readonly services: readonly ServiceTier[];
  /** Set by auth: who really calls. */
  principal: Principal | undefined;
  /** Set by iam: what of the principal's scopes holds for this call. Undefined when nobody has decided. */
  allowedScopes: readonly string[] | undefined;
  /** Whether the answer came out of the cache, or from a call that was under way. */
  cacheHit: boolean;
  /** Where the hit was: this process, the shared tier, or a call under way. */
  cacheLevel: "l1" | "l2" | "flight" | undefined;
  /** Of the request that was digested last: so that it is done once. */
  requestDigest:
    | { readonly tenant: string; readonly request: ModelRequest; readonly sha256: string }
    | undefined;
  /** Why the answer is not kept. */
  cacheRefusal: CacheRefusal | undefined;
  /** What made the provider's prompt cache useless for this call. */
  cacheBreak: CacheBreak | undefined;
  /** What the guard found in the prompt, when there is one. */
  guard: GuardFacts | undefined;
  /** Models that were not asked, or asked in vain before another one, each with all reasons. */
  readonly skipped: IncompatibleCandidate[];
  /** Requests that were made to providers, in that order, failed ones too. */
  readonly attempts: Attempt[];
  /** Failed tries that retry repeated. */
  readonly retries: RetriedAttempt[];
  /** Who gave the answer, from its first batch on; undefined for a hit. */
  answeredBy: Answerer | undefined;
  /** Secrets that were cut out of the answer. */
  redactions: number;
  /** What validators said, when there are any. */
  validation: ValidationSummary | undefined;
}

/** A layer that a call entered. */
export interface LayerEntry {
  readonly name: LayerName;
  readonly enteredMs: number;
}

/** One request to a provider. The last fields are set when they are known. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  readonly startedMs: number;
  firstBatchMs: number | undefined;
  endedMs: number | undefined;
  /** `left` when the reader went away or the call was cancelled. */
  outcome: "open" | "answered" | "failed" | "left";
  errorCode: string | undefined;
  /** What the provider says that its answer took. */
  usage: Usage | undefined;
}

/** A failed try, and how long retry waited after it. */
export interface RetriedAttempt {
  readonly provider: string;
  readonly model: string;
  readonly errorCode: string;
  readonly errorClass: ErrorClass;
  readonly waitMs: number;
}

/** Who gave an answer, and what it costs there. */
export interface Answerer {
  readonly provider: string;
  readonly id: string;
  readonly price?: Price;
}

/** What the validators of a call said. */
export interface ValidationSummary {
  /** In the order in which they ran. */
  readonly outcomes: readonly ValidatorOutcome[];
  readonly wallMs: number;
}

/** What one validator said. */
export interface ValidatorOutcome {
  readonly validator: string;
  readonly outcome: "pass" | "filter" | "reject" | "annotate";
  /** What a filter took out. */
  readonly dropped?: readonly string[];
  readonly metrics?: Readonly<Record<string, number | string | boolean>>;
  readonly reason?: string;
}

/** Makes the record of a call that begins now. */
export function createCallRecord(services: readonly ServiceTier[] = []): CallRecord {
  return {
    id: uuidv7(),
    startedAt: Date.now(),
    startedMs: performance.now(),
    layers: [],
    services,
    principal: undefined,
    allowedScopes: undefined,
    cacheHit: false,
    cacheLevel: undefined,
    requestDigest: undefined,
    cacheRefusal: undefined,
    cacheBreak: undefined,
    guard: undefined,
    skipped: [],
    attempts: [],
    retries: [],
    answeredBy: undefined,
    redactions: 0,
    validation: undefined,
  };
}

/** Makes a call the one that an answer was given to and is paid by, although another one asked for it. */
export function inheritAnswer(from: CallRecord, to: CallRecord): void {
  to.cacheHit = from.cacheHit;
  to.cacheLevel = from.cacheLevel;
  to.cacheBreak = from.cacheBreak;
  to.guard = from.guard;
  to.answeredBy = from.answeredBy;
  to.attempts.splice(0, to.attempts.length, ...from.attempts);
  to.retries.splice(0, to.retries.length, ...from.retries);
}
