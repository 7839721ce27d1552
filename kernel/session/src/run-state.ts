import type {
  ApprovalAnswered,
  ApprovalRequested,
  EffectFinished,
  EffectStarted,
  MicroUsd,
  ModelCallFinished,
  PermissionDecided,
  RunLimits,
  RunStatus,
  TerminalReason,
  ToolCallPart,
  Usage,
} from "@tau/core";

/** What is known of one tool call of the current step. */
export interface EffectState {
  readonly effectId: string;
  readonly call: ToolCallPart;
  decided?: PermissionDecided;
  asked?: ApprovalRequested;
  answered?: ApprovalAnswered;
  started?: EffectStarted;
  finished?: EffectFinished;
  /** Calls that its tool made of other tools, in the order of their first events; their `call` has no arguments. */
  inner?: EffectState[];
}

/** A run as its events tell it. Read-only outside {@link SessionState}. */
export interface RunState {
  readonly runId: string;
  readonly agent: string;
  readonly principal: string;
  readonly limits: RunLimits;
  /** Where its tools act, and the hash of what they may touch. */
  readonly environment: string;
  readonly profile: string;
  readonly startedAt: number;
  /** Wall clock spent running, in milliseconds, up to `activeSince`: not waiting, not while no process had the run. */
  activeMs: number;
  /** When the run last began to run; absent while it waits. */
  activeSince?: number;
  /** Where the session's inbox stood before the run. */
  readonly inboxSeqBefore: number;
  status: RunStatus;
  reason?: TerminalReason;
  steps: number;
  usage: Usage;
  costMicroUsd: MicroUsd;
  /** The last answer of the model. */
  answer?: ModelCallFinished;
  /** The calls of that answer, in order. */
  effects: readonly EffectState[];
}

/** The id of an effect: the same however often the run is taken up again. */
export function effectIdOf(runId: string, step: number, index: number): string {
  return `${runId}.${step}.${index}`;
}

/** The id of a call that the tool of another effect made: the same whenever that one runs again and calls the same. */
export function innerEffectIdOf(effectId: string, digest: string, count: number): string {
  return `${effectId}:${digest}-${count}`;
}
