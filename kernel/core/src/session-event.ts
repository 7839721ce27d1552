import type { EffectKind } from "./effect-kind.ts";
import type { Label } from "./label.ts";
import type { GrantOffer } from "./grant-terms.ts";
import type { AssistantMessage, ToolResultPart, UserMessage } from "./message.ts";
import type { StopReason } from "./model-event.ts";
import type { MicroUsd } from "./money.ts";
import type { RunStatus, TerminalReason, WaitingReason } from "./run-status.ts";
import type { SideEffectClass } from "./side-effect.ts";
import type { ErrorInfo } from "./tau-error.ts";
import type { Usage } from "./usage.ts";
import type { JsonObject } from "./json.ts";

/** Something the model should know, handed in from outside. */
export interface ContextEntry {
  readonly key: string;
  readonly content: string;
  /** A MIME type; `text/plain` when absent. */
  readonly contentType?: string;
  /** How far to trust it; absent: as far as the person who handed it in. */
  readonly label?: Label;
}

/** The session exists. Always the first event of its stream. */
export interface SessionCreated {
  readonly type: "session_created";
  readonly sessionId: string;
  readonly tenant: string;
  readonly principal: string;
  readonly bootstrap: readonly ContextEntry[];
  /** What the marks around untrusted text are made from: random, and never shown to a model. */
  readonly fenceKey?: string;
  /** Where the events before the first run were copied from. */
  readonly forkedFrom?: { readonly sessionId: string; readonly seq: number };
}

/** Limits of one run; absent means the default of the agent. */
export interface RunLimits {
  /** Model calls. Default 50. */
  readonly maxSteps?: number;
  /** Input plus output tokens. */
  readonly maxTokens?: number;
  readonly maxCostMicroUsd?: MicroUsd;
  /** Wall clock while the run is running (not while it waits), in milliseconds. */
  readonly maxDurationMs?: number;
}

/** A prompt was accepted and its run began. */
export interface RunStarted {
  readonly type: "run_started";
  readonly runId: string;
  readonly agent: string;
  readonly principal: string;
  readonly prompt: UserMessage;
  readonly limits: RunLimits;
  /** Where the run's tools act, for example `jail` or `host`, and the profile's hash. */
  readonly environment: string;
  readonly profile: string;
}

/** A run goes on after the process that ran it ended. */
export interface RunResumed {
  readonly type: "run_resumed";
  readonly runId: string;
  /** Effects that were under way when the process ended and are run again. */
  readonly rerunEffects: readonly string[];
}

/** Context from outside entered the conversation at a step boundary. */
export interface ContextInjected {
  readonly type: "context_injected";
  readonly runId: string;
  readonly entries: readonly ContextEntry[];
  /** Sequence number in the session's inbox up to which entries were taken. */
  readonly inboxSeq: number;
}

/** A model call finished; its message is part of the history from now on. */
export interface ModelCallFinished {
  readonly type: "model_finished";
  readonly runId: string;
  /** 1 for the first model call of the run. */
  readonly step: number;
  readonly provider: string;
  readonly model: string;
  readonly message: AssistantMessage;
  readonly usage: Usage;
  /** Absent when the model has no known price. */
  readonly costMicroUsd?: MicroUsd;
  readonly stopReason: StopReason;
  /** What the provider says about why it stopped, in its own words. */
  readonly stopDetails?: JsonObject;
  readonly durationMs: number;
  /** The join of everything the model was shown; absent: nothing in it was untrusted or secret. */
  readonly label?: Label;
}

/** What the rules said about one effect. */
export interface PermissionDecided {
  readonly type: "permission_decided";
  readonly runId: string;
  readonly effectId: string;
  readonly tool: string;
  readonly decision: "deny" | "ask" | "allow";
  /** A sentence for people and for the model. */
  readonly reason: string;
  /** The rule that decided, as written; absent when a default did. */
  readonly rule?: string;
  /** What was decided on, when a hook rewrote the model's arguments. */
  readonly rewrittenArguments?: string;
  /** What the call would do; absent: it only reads. */
  readonly kinds?: readonly EffectKind[];
  /** What the model had been shown when it asked; absent: nothing in it was untrusted or secret. */
  readonly label?: Label;
}

/** What a call did on a copy of the workspace, held there until somebody decides. */
export interface HeldChanges {
  /** Names the transaction to the environment that holds it. */
  readonly transactionId: string;
  /** SHA-256 over all that would change: what would be carried out, and nothing else. */
  readonly hash: string;
  /** How many paths would change. */
  readonly changes: number;
  /** For people: a line for each path, and what changes in texts. Says so where it is cut. */
  readonly diff: string;
}

/** A person is asked. The run waits, for days if need be. */
export interface ApprovalRequested {
  readonly type: "approval_requested";
  readonly runId: string;
  readonly approvalId: string;
  readonly effectId: string;
  /** `approval`: may this run? `unknown_effect`: what became of an effect that a crash interrupted? `question`: see {@link question}. */
  readonly reason: WaitingReason;
  readonly tool: string;
  readonly arguments: string;
  /**
   * SHA-256 over tenant, tool, arguments, principal, profile, expiry, held changes, and what the call would really do,
   * scripts that it runs included: what the answer is bound to.
   */
  readonly binding: string;
  /** One line that says what would happen. */
  readonly summary: string;
  /** Milliseconds since the epoch; an answer after it does not count. */
  readonly expiresAt: number;
  /** Present when the call ran on a copy already: the question is whether its changes are to be carried out. */
  readonly held?: HeldChanges;
  /** What the model had been shown when it asked for this; absent: nothing in it was untrusted or secret. */
  readonly label?: Label;
  /** How many equal calls of the step wait for this one answer; absent for one. Each has an event of its own. */
  readonly times?: number;
  /** What an answer for longer than once would allow; absent where there is no such answer. */
  readonly grant?: GrantOffer;
  /** What the model, or a tool that it called, wants to know from a person, who answers in words; only for the reason `question`. */
  readonly question?: PersonQuestion;
}

/** For how long an answer counts: for this session, or until the grant expires or is revoked. */
export type Remember = "session" | "always";

/** A question of the model to a person. */
export interface PersonQuestion {
  readonly text: string;
  /** Answers to choose from; another one may be given all the same. */
  readonly options?: readonly string[];
}

/**
 * What a person may answer. `rerun` and `done` answer an unknown effect: run it again, or take it as done. `answer` answers
 * a question of the model, with the note as the answer.
 */
export type ApprovalAnswer = "allow" | "deny" | "rerun" | "done" | "answer";

/** A question was answered, once. */
export interface ApprovalAnswered {
  readonly type: "approval_answered";
  readonly runId: string;
  readonly approvalId: string;
  readonly effectId: string;
  readonly answer: ApprovalAnswer;
  /** The principal who answered; `system` when it expired. */
  readonly by: string;
  readonly note?: string;
  /** Absent: once. */
  readonly remember?: Remember;
}

/** An effect is about to happen. */
export interface EffectStarted {
  readonly type: "effect_started";
  readonly runId: string;
  readonly effectId: string;
  readonly callId: string;
  readonly tool: string;
  readonly sideEffect: SideEffectClass;
  /** The key under which the effect may be repeated; the same after a crash. */
  readonly idempotencyKey: string;
  readonly environment: string;
}

/** What became of an effect. */
export type EffectOutcome = "completed" | "failed" | "denied" | "cancelled" | "unknown";

/** An effect has an outcome and the model gets this result. */
export interface EffectFinished {
  readonly type: "effect_finished";
  readonly runId: string;
  readonly effectId: string;
  readonly callId: string;
  readonly tool: string;
  readonly outcome: EffectOutcome;
  readonly result: ToolResultPart;
  readonly durationMs: number;
  /** Facts for screens: a diff, an exit code, the ids of artifacts. */
  readonly details?: JsonObject;
  /** Values that the session keeps for later calls, each in place of the one under its key. */
  readonly kept?: JsonObject;
  /** Files that may hold untrusted text from now on, and how far to trust them. */
  readonly tainted?: TaintedFiles;
  /** Values that the model gets as handles only, by handle: `$v1`. */
  readonly values?: Readonly<Record<string, HeldValue>>;
  /** What runs below this one used for it; the run's own `usage` and cost contain it. */
  readonly spent?: Spent;
}

/** What runs used. */
export interface Spent {
  readonly usage: Usage;
  readonly costMicroUsd: MicroUsd;
}

/** A text that no model with tools is shown: it passes it on by its handle. */
export interface HeldValue {
  readonly value: string;
  readonly label: Label;
}

/** Files that untrusted text may have been written to. */
export interface TaintedFiles {
  /** Absolute; `*` is all of the workspace: nobody knows what a command wrote. */
  readonly paths: readonly string[];
  readonly label: Label;
}

/** A hook changed or stopped something. */
export interface HookDecided {
  readonly type: "hook_decided";
  readonly runId: string;
  readonly hook: string;
  readonly point: "before_run" | "before_tool" | "after_tool" | "iteration" | "stop";
  readonly decision: "allow" | "deny" | "rewrite" | "stop" | "continue" | "error";
  readonly reason?: string;
  /** What it decided on, for programs. */
  readonly details?: JsonObject;
}

/** The oldest messages, and old results of tools, no longer go to the model; they stay in the log. */
export interface ContextTrimmed {
  readonly type: "context_trimmed";
  readonly runId: string;
  /** The first event whose message still goes to the model. */
  readonly fromSeq: number;
  readonly droppedMessages: number;
  /** The calls whose results are left out; a note stands in their place. Absent: none. */
  readonly clearedCalls?: readonly string[];
}

/** The run waits for a person. */
export interface RunWaiting {
  readonly type: "run_waiting";
  readonly runId: string;
  readonly reason: WaitingReason;
  readonly approvalIds: readonly string[];
}

/** The run ended; written exactly once. */
export interface RunFinished {
  readonly type: "run_finished";
  readonly runId: string;
  readonly status: Extract<RunStatus, "completed" | "failed" | "cancelled">;
  readonly reason: TerminalReason;
  readonly steps: number;
  readonly usage: Usage;
  readonly costMicroUsd: MicroUsd;
  readonly error?: ErrorInfo;
}

/** An event of a newer Tau: kept, shown, and otherwise left alone. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly originalType: string;
  readonly originalVersion: number;
  readonly body: JsonObject;
}

/** Every fact that a session's stream can hold, version 1. */
export type SessionEvent =
  | SessionCreated
  | RunStarted
  | RunResumed
  | ContextInjected
  | ModelCallFinished
  | PermissionDecided
  | ApprovalRequested
  | ApprovalAnswered
  | EffectStarted
  | EffectFinished
  | HookDecided
  | ContextTrimmed
  | RunWaiting
  | RunFinished
  | UnknownEvent;

/** A session event with its place in the stream. */
export interface Recorded<E extends SessionEvent = SessionEvent> {
  /** 1 for the first event of the stream; no gaps. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: E;
}

/** The version this build writes into the envelope of every event. */
export const sessionEventVersion = 1;
