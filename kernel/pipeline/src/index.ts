export type { DefaultChain, DefaultChainOptions } from "./default-chain.ts";
export { defaultChain } from "./default-chain.ts";
export type { Candidate, CandidateNews, ModelTier, RoutingPolicy } from "./routing/candidate.ts";
export type { CostOrderOptions, LatencyOrderOptions } from "./routing/policies.ts";
export { costOrder, latencyOrder, listedOrder, tierOrder } from "./routing/policies.ts";
export type { RoutingOptions } from "./routing/routing-layer.ts";
export { movesOnByDefault, routingLayer } from "./routing/routing-layer.ts";
export type { AuthOptions } from "./auth/auth-layer.ts";
export { authLayer } from "./auth/auth-layer.ts";
export type { KnownToken } from "./auth/token-authenticator.ts";
export { createTokenAuthenticator } from "./auth/token-authenticator.ts";
export type { IamOptions } from "./iam/iam-layer.ts";
export { iamLayer } from "./iam/iam-layer.ts";
export type { ScopeRule } from "./iam/scope-policy.ts";
export { createScopePolicy } from "./iam/scope-policy.ts";
export type { Amounts, BudgetMetric } from "./budget/amounts.ts";
export { noAmounts } from "./budget/amounts.ts";
export type { BudgetLayerOptions } from "./budget/budget-options.ts";
export { budgetLayer } from "./budget/budget-layer.ts";
export type {
  BudgetAccount,
  BudgetLedger,
  BudgetLimit,
  BudgetQuery,
  BudgetRefusal,
  Reservation,
} from "./budget/budget-ledger.ts";
export { metricWithoutRoom } from "./budget/budget-ledger.ts";
export type { BudgetLimits, BudgetScope, BudgetScopeKind } from "./budget/budget-scopes.ts";
export { accountKey, defaultBudgetLimits } from "./budget/budget-scopes.ts";
export type { BudgetWindow } from "./budget/budget-window.ts";
export { windowStart } from "./budget/budget-window.ts";
export type { MemoryBudgetLedger } from "./budget/memory-ledger.ts";
export { createMemoryBudgetLedger } from "./budget/memory-ledger.ts";
export type { BreakerOptions } from "./breaker/breaker-layer.ts";
export { breakerLayer } from "./breaker/breaker-layer.ts";
export type { CircuitState } from "./breaker/circuit.ts";
export type {
  CircuitOutcome,
  CircuitPermit,
  CircuitPolicy,
  CircuitRefusal,
  Circuits,
} from "./breaker/circuits.ts";
export type { MemoryCircuits, MemoryCircuitsOptions } from "./breaker/memory-circuits.ts";
export { createMemoryCircuits } from "./breaker/memory-circuits.ts";
export type { AnswerCache, AnswerCacheOptions, CachePolicy } from "./cache/answer-cache.ts";
export { createAnswerCache } from "./cache/answer-cache.ts";
export type { CacheBreak, CacheBreakCause, CacheRefusal } from "./cache/cache-facts.ts";
export type { CacheEntry, CacheScope, CacheTier } from "./cache/cache-tier.ts";
export type { MemoryTierOptions } from "./cache/memory-tier.ts";
export type {
  Answerer,
  Attempt,
  CallRecord,
  LayerEntry,
  RetriedAttempt,
  ValidationSummary,
  ValidatorOutcome,
} from "./call-record.ts";
export { createCallRecord } from "./call-record.ts";
export { pipelineErrorCodes } from "./error-codes.ts";
export type { Handler, Layer, ModelStream } from "./layer.ts";
export type { LayerName } from "./layer-order.ts";
export { layerOrder } from "./layer-order.ts";
export type { PipelineBuilder, StartedCall } from "./pipeline.ts";
export { Pipeline, withLayers } from "./pipeline.ts";
export type { PipelineCall } from "./pipeline-call.ts";
export type { PipelineResponse, ResponseTelemetry } from "./pipeline-response.ts";
export { costOfCall } from "./pipeline-response.ts";
export { retryLayer } from "./retry-layer.ts";
export type { StreamEnd, StreamWatch } from "./stream-watch.ts";
export { watchStream } from "./watch-stream.ts";
export type { AppliedPrefix } from "./prefix-cache/applied-prefix.ts";
export type { PrefixCaches, PrefixCachesOptions } from "./prefix-cache/prefix-caches.ts";
export { createPrefixCaches } from "./prefix-cache/prefix-caches.ts";
export type { PrefixBook, PrefixRecord } from "./prefix-cache/prefix-record.ts";
export { createMemoryPrefixBook } from "./prefix-cache/prefix-record.ts";
export type { ShelfLimits } from "./prefix-cache/prefix-shelf.ts";
export type { OwnPattern, SecretPattern } from "@tau/core/secrets";
export { secretPatterns } from "@tau/core/secrets";
export type { JsonShapeOptions } from "./validation/json-shape.ts";
export { jsonShape } from "./validation/json-shape.ts";
export type { Metrics, OutputValidator, Verdict } from "./validation/output-validator.ts";
export type { RuleIdWhitelistOptions } from "./validation/rule-id-whitelist.ts";
export { ruleIdWhitelist } from "./validation/rule-id-whitelist.ts";
export type { MaxLengthOptions, RegexBannedOptions } from "./validation/text-validators.ts";
export { maxLength, notEmpty, regexBanned } from "./validation/text-validators.ts";
export type { RedactionOptions, ValidationOptions } from "./validation/validation-layer.ts";
export { validationLayer } from "./validation/validation-layer.ts";
export type { ObjectAnswer, ObjectMethod, ObjectRequest } from "./structured/complete-object.ts";
export { completeObject } from "./structured/complete-object.ts";
export type { FastLaneOptions, GuardAction } from "./guard/fast-lane.ts";
export type { GuardFacts, GuardFinding } from "./guard/guard-facts.ts";
export type { GuardOptions } from "./guard/guard-layer.ts";
export { guardLayer } from "./guard/guard-layer.ts";
export type { GuardRule } from "./guard/guard-rules.ts";
export { injectionRules } from "./guard/guard-rules.ts";
export type { ClassifiedPrompt, PromptClassifier, PromptRating } from "./guard/prompt-classifier.ts";
export type { SlowLaneOptions } from "./guard/slow-lane.ts";
export type {
  BodyRef,
  CallEvent,
  CallResult,
  CallTelemetry,
  StoredCallEvent,
  UnknownCallEvent,
} from "./telemetry/call-event.ts";
export { isCallEvent } from "./telemetry/call-event.ts";
export type {
  CallBody,
  CallEntry,
  CallEventQuery,
  CallEventStore,
  CallRetention,
  Purged,
  PurgeTimes,
} from "./telemetry/call-event-store.ts";
export { purgeExpired } from "./telemetry/call-event-store.ts";
export { createMemoryCallEvents } from "./telemetry/memory-call-events.ts";
export type { Telemetry, TelemetryOptions } from "./telemetry/create-telemetry.ts";
export { createTelemetry, telemetryLayer } from "./telemetry/create-telemetry.ts";
