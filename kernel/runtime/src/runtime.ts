import type {
  ApprovalAnswer,
  ApprovalRequested,
  CallContext,
  ContextEntry,
  MicroUsd,
  Remember,
  RunEvent,
  RunLimits,
  RunStatus,
  Usage,
  UserMessage,
} from "@tau/core";

import type { Grant } from "./grants.ts";

/** A session to be made. */
export interface CreateSessionRequest {
  /** Makes creation idempotent: the same id answers the same session. 1 to 128 of `a-z A-Z 0-9 . _ : -`; a UUIDv7 when absent. */
  readonly externalId?: string;
  readonly bootstrap?: readonly ContextEntry[];
}

/** A prompt to be run. */
export interface StartRunRequest {
  readonly sessionId: string;
  readonly prompt: UserMessage;
  /** Makes submission idempotent; a UUIDv7 when absent. */
  readonly runId?: string;
  /** The name of a configured agent; the default one when absent. */
  readonly agent?: string;
  readonly limits?: RunLimits;
}

/** A run that was accepted. */
export interface StartedRun {
  readonly runId: string;
  /** Attach from here to see the run from its first event, also when it was handed in, or ended, long ago. */
  readonly fromSeq: number;
}

/** What to listen to. */
export interface AttachRequest {
  readonly sessionId: string;
  /** The first sequence number wanted; 1 replays everything, the session's version + 1 only what is new. */
  readonly fromSeq: number;
  /** End after the `run_finished` of this run; follow until aborted when absent. */
  readonly untilRunEnds?: string;
  /** Also end when that run starts to wait for a person. Default false. */
  readonly untilRunWaits?: boolean;
}

/** A session at a glance: a projection of its events. */
export interface SessionInfo {
  readonly sessionId: string;
  readonly status: RunStatus;
  /** The sequence number of its newest event. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Finished runs. */
  readonly turns: number;
  /** The run under way, or the last one. */
  readonly runId?: string;
  readonly usage: Usage;
  readonly costMicroUsd: MicroUsd;
  /** Questions that wait for a person. */
  readonly pending: readonly ApprovalRequested[];
  /** The beginning of its first prompt, on one line, at most 200 characters; absent before there is one. */
  readonly title?: string;
  /** The folder that it works in, as the entry `workspace` of its bootstrap names it. */
  readonly workspace?: string;
  /** Its status is `running`, and nobody runs it: whoever did is gone. Absent otherwise. */
  readonly interrupted?: true;
}

/** One page of sessions. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  /** Pass it as `before` for the next page; absent on the last one. */
  readonly nextBefore?: string;
}

/** An answer to a question of a run. */
export interface RespondRequest {
  readonly sessionId: string;
  readonly approvalId: string;
  readonly answer: ApprovalAnswer;
  readonly note?: string;
  /** Lets an `allow` count for longer than once, on the terms that the question offers. */
  readonly remember?: Remember;
  /** For how long at most, in milliseconds: default, and most, is what the question offers. */
  readonly rememberForMs?: number;
}

/**
 * Runs agents: the one door to the kernel. The server and the command line are its clients.
 *
 * - Every call names its tenant in the context; a session of another tenant is `session.not_found`.
 * - What resolves is durable.
 */
export interface Runtime extends AsyncDisposable {
  /** Takes up the runs that a crash interrupted. */
  start(): Promise<void>;
  createSession(request: CreateSessionRequest, context: CallContext): Promise<SessionInfo>;
  /** Throws `session.not_found`, `agent.not_found`. A run of a busy session waits for its turn. */
  startRun(request: StartRunRequest, context: CallContext): Promise<StartedRun>;
  /**
   * Replays from a cursor and then follows, without gap or duplicate; batches, never empty.
   * Fragments of answers come between events; a listener that comes late gets the answer so far at once. They
   * are never stored: who was not there gets the finished message.
   */
  attach(request: AttachRequest, context: CallContext): AsyncIterable<readonly RunEvent[]>;
  /** Cancels; the run writes its own end. Does nothing for a run that ended. */
  cancelRun(
    request: { readonly sessionId: string; readonly runId: string; readonly reason: string },
    context: CallContext,
  ): Promise<void>;
  /** Hands context to the run under way, at its next step; or to the next run. */
  injectContext(
    request: { readonly sessionId: string; readonly entries: readonly ContextEntry[] },
    context: CallContext,
  ): Promise<void>;
  /**
   * Answers what is kept of an answer for longer than once.
   * Throws `approval.not_found`, `approval.answered`, `approval.expired`, `approval.invalid_answer`.
   */
  respond(request: RespondRequest, context: CallContext): Promise<Grant | undefined>;
  /** The caller's answers that still count, oldest first. */
  listGrants(context: CallContext): Promise<readonly Grant[]>;
  /** Takes an answer back; runs under way notice within a second. Throws `grant.not_found`. */
  revokeGrant(grantId: string, context: CallContext): Promise<void>;
  getSession(sessionId: string, context: CallContext): Promise<SessionInfo>;
  /**
   * In the order of their last event, the latest first. Page after page has every session once that is not used
   * meanwhile, and none twice.
   */
  listSessions(
    request: { readonly limit: number; readonly before?: string },
    context: CallContext,
  ): Promise<SessionPage>;
  /** Copies a session's events up to `atSeq` into a new session. Throws `session.busy_fork` inside a run. */
  forkSession(
    request: { readonly sessionId: string; readonly atSeq: number },
    context: CallContext,
  ): Promise<SessionInfo>;
}
