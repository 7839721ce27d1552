export { canonicalJson } from "./canonical-json.ts";
export type { Authenticator, Identity } from "./authenticator.ts";
export type { CallContext } from "./call-context.ts";
export type { Credential } from "./credential.ts";
export type { Principal } from "./principal.ts";
export { createCallContext } from "./call-context.ts";
export type { EffectKind, ShownContext } from "./effect-kind.ts";
export { coreErrorCodes } from "./error-codes.ts";
export { estimateTextTokens, estimateTokens } from "./estimate-tokens.ts";
export type { GrantedEffect, GrantOffer, GrantTerms } from "./grant-terms.ts";
export { assertTenant, uuidv7 } from "./id.ts";
export type { Json, JsonObject, JsonSchema, ParsedJson } from "./json.ts";
export { isJsonObject, parseJson } from "./json.ts";
export type { Confidentiality, Integrity, Label } from "./label.ts";
export { isAtMost, isLabel, joinLabels, systemLabel, untrusted, userLabel, workspaceLabel } from "./label.ts";
export type {
  AssistantMessage,
  AssistantPart,
  AudioPart,
  Citation,
  FilePart,
  ImagePart,
  MediaSource,
  Message,
  Part,
  ProviderData,
  ProviderPart,
  TextPart,
  ThinkingPart,
  ToolCallPart,
  ToolMessage,
  ToolResultContent,
  ToolResultPart,
  UserMessage,
} from "./message.ts";
export { textOf, toolCallsOf, userText } from "./message.ts";
export type {
  ModelEvent,
  ModelFinished,
  StopReason,
  TextDelta,
  ThinkingDelta,
  ToolCallDelta,
  ToolCallStarted,
} from "./model-event.ts";
export type { CallSize, MicroUsd, Price, PriceTier, Rates, ServiceTier } from "./money.ts";
export { costOf, formatUsd, ratesOf } from "./money.ts";
export type { Observation, Observer, ObserverLevel } from "./observer.ts";
export { silentObserver } from "./observer.ts";
export type { AbortSource } from "./on-abort.ts";
export { createAbortSource, offAbort, onAbort } from "./on-abort.ts";
export { FewMap } from "./few-map.ts";
export { FewSet } from "./few-set.ts";
export { grown } from "./grown.ts";
export { RareMap } from "./rare-map.ts";
export type { Delta, RunEvent, ToolProgress } from "./run-event.ts";
export type { AccessDecision, AccessRequest, PolicyDecisionPoint } from "./policy-decision.ts";
export { neutralMarkdown } from "./neutral-markdown.ts";
export { revealText } from "./reveal-text.ts";
export type { RunStatus, TerminalReason, WaitingReason } from "./run-status.ts";
export { isTerminal, remedyOf } from "./run-status.ts";
export type {
  ApprovalAnswer,
  ApprovalAnswered,
  ApprovalRequested,
  ContextEntry,
  ContextInjected,
  ContextTrimmed,
  EffectFinished,
  EffectOutcome,
  EffectStarted,
  HeldChanges,
  HeldValue,
  Spent,
  HookDecided,
  ModelCallFinished,
  PermissionDecided,
  PersonQuestion,
  Recorded,
  Remember,
  RunFinished,
  RunLimits,
  RunResumed,
  RunStarted,
  RunWaiting,
  SessionCreated,
  SessionEvent,
  TaintedFiles,
  UnknownEvent,
} from "./session-event.ts";
export { sessionEventVersion } from "./session-event.ts";
export type { SideEffectClass } from "./side-effect.ts";
export { mayRunAgain } from "./side-effect.ts";
export type { ErrorClass, ErrorInfo, TauErrorOptions } from "./tau-error.ts";
export { isTauError, TauError, toErrorInfo } from "./tau-error.ts";
export type { ToolDefinition } from "./tool-definition.ts";
export { unreachable } from "./unreachable.ts";
export type { Usage } from "./usage.ts";
export { addUsage, noUsage } from "./usage.ts";
export type { TimedResult } from "./within-time.ts";
export { withinTime } from "./within-time.ts";
