export type { AgentConfig, EnvironmentRequest, PolicyRun, StopCondition } from "./agent-config.ts";
export { defaultLimits } from "./agent-config.ts";
export type { AgentRegistry, LazyAgent } from "./agent-registry.ts";
export { createAgentRegistry } from "./agent-registry.ts";
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export type { CompletedRun, CompleteRunRequest } from "./complete-run.ts";
export { completeRun } from "./complete-run.ts";
export type { AnswerQuestion, RunAnswer } from "./run-answers.ts";
export { createMemoryRuntime } from "./create-memory-runtime.ts";
export type { RuntimeOptions } from "./create-runtime.ts";
export { createRuntime } from "./create-runtime.ts";
export type { ContentStore } from "./content-store.ts";
export type { EmbeddedEngineOptions } from "./engine/embedded-engine.ts";
export { idleType as idleEngineEvent } from "./engine/engine-event.ts";
export { createEmbeddedEngine } from "./engine/embedded-engine.ts";
export type {
  Engine,
  EngineCapabilities,
  EngineContext,
  Program,
  ProgramOptions,
  RunRef,
  StepContext,
  Submission,
} from "./engine.ts";
export type {
  Checkpoint,
  Journal,
  JournalEvent,
  ListOptions,
  RecentOptions,
  RecentPage,
  StoredEvent,
  StreamAppend,
  StreamId,
  StreamSummary,
} from "./journal.ts";
export type { Lease, Leases } from "./lease.ts";
export type { FileTaints, TaintedPath, TaintPlace } from "./file-taints.ts";
export { createFileTaints } from "./file-taints.ts";
export type { Grant } from "./grants.ts";
export type {
  AttachRequest,
  CreateSessionRequest,
  RespondRequest,
  Runtime,
  SessionInfo,
  SessionPage,
  StartedRun,
  StartRunRequest,
} from "./runtime.ts";
export { runtimeErrorCodes } from "./error-codes.ts";
export { journalClosed, journalConflict } from "./journal-errors.ts";
export { createMemoryContentStore } from "./memory/memory-content-store.ts";
export { createMemoryJournal } from "./memory/memory-journal.ts";
export { createMemoryLeases } from "./memory/memory-leases.ts";
export { tuneCollector } from "./tune-collector.ts";
export { tuneCompiler } from "./tune-compiler.ts";
export { assertLeaseKey, assertStreamId, assertTogether } from "./stream-id.ts";
export type {
  AfterToolDecision,
  AfterToolInput,
  BeforeRunDecision,
  BeforeToolDecision,
  BeforeToolInput,
  Hook,
  HookInput,
  IterationDecision,
  RecheckDecision,
  StopDecision,
} from "./hook.ts";
export { toReaderModel } from "./reader-model.ts";
export { stopWhenIdle } from "./stop-when-idle.ts";
