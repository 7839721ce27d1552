import type { ApprovalAnswer, ContextEntry, Remember, RunEvent, RunLimits, UserMessage } from "@tau/core";

import type { Grant } from "./grant-from-proto.ts";
import type { SessionInfo } from "./session-from-proto.ts";
import type { ApprovedPlan, Plan, PlanInfo, Readiness, ReadinessVerdict } from "./work-from-proto.ts";

/** Options of every call. */
export interface CallOptions {
  /** Gives the call up. For a run that is not detached this cancels the run. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call is given up; the server knows it too. */
  readonly timeoutMs?: number;
}

/** A prompt to be run. */
export interface RunOptions extends CallOptions {
  readonly sessionId: string;
  /** Text, or a message with pictures, sounds and documents. */
  readonly prompt: string | UserMessage;
  /** Makes submission idempotent; the server makes one when absent. */
  readonly runId?: string;
  readonly agent?: string;
  readonly limits?: RunLimits;
  /** The run goes on when this call ends early: come back with `attach`, end it with `cancelRun`. */
  readonly detach?: boolean;
  /** The stream also ends when the run starts to wait for a person. */
  readonly untilWaiting?: boolean;
  /** `plan`: it reads, and writes a plan alone; `listPlans` has it afterwards. Chooses the agent. */
  readonly mode?: "plan";
  /** Carries out this plan and nothing beyond it; `prompt` may be empty then. Not with a mode. */
  readonly carryOut?: ApprovedPlan;
  /** Begins only when enough of this is known. */
  readonly readiness?: Readiness;
}

/** What to listen to. */
export interface AttachOptions extends CallOptions {
  readonly sessionId: string;
  /** The first sequence number wanted. Default 1: everything. */
  readonly fromSeq?: number;
  /** End after this run has ended; follow until given up when absent. */
  readonly untilRunEnds?: string;
  /** Also end when that run starts to wait for a person. */
  readonly untilWaiting?: boolean;
}

/** An answer to a question of a run. */
export interface Answer {
  readonly sessionId: string;
  readonly approvalId: string;
  readonly answer: ApprovalAnswer;
  /** For the record, and for the model; of `answer`, the answer itself. At most 4,000 characters. */
  readonly note?: string;
  /** Lets an `allow` count for longer than once, on the terms of the question's `grant`. Only for one's own runs. */
  readonly remember?: Remember;
  /** For how long at most, in milliseconds; default, and most, is the `ttlMs` of the question's `grant`. */
  readonly rememberForMs?: number;
}

/** One page of sessions, the one used last first. */
export interface SessionPage {
  readonly sessions: readonly SessionInfo[];
  /** Pass it as `before` for the next page; absent on the last one. */
  readonly nextBefore?: string;
}

/** A session to be made. */
export interface NewSession {
  /** Makes creation idempotent: the same id answers the same session. */
  readonly externalId?: string;
  readonly bootstrap?: readonly ContextEntry[];
  /**
   * The folder that it works in: relative to the caller's own workspace at the server, or an absolute one that the server's
   * configuration allows. Anything else is `environment.denied`.
   */
  readonly workspace?: string;
}

/** A runtime on the other side of a connection. Calls throw `TauError` with the server's codes. */
export interface TauClient extends Disposable {
  createSession(request?: NewSession, options?: CallOptions): Promise<SessionInfo>;
  /** Runs a prompt and streams what happens. Leaving the stream early cancels the run, unless it is detached. */
  run(options: RunOptions): AsyncIterable<RunEvent>;
  /**
   * Replays from a cursor and then follows: every event once, in order, across broken connections and restarts
   * of the server. Fragments of an answer that were already yielded are not yielded again.
   */
  attach(options: AttachOptions): AsyncIterable<RunEvent>;
  cancelRun(
    request: { readonly sessionId: string; readonly runId: string; readonly reason?: string },
    options?: CallOptions,
  ): Promise<void>;
  injectContext(
    request: { readonly sessionId: string; readonly entries: readonly ContextEntry[] },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Answers what is kept of an answer for longer than once. Throws `approval.not_found`, `approval.answered`,
   * `approval.expired`, `approval.invalid_answer`.
   */
  respond(request: Answer, options?: CallOptions): Promise<Grant | undefined>;
  /** The caller's answers that still count, oldest first. */
  listGrants(options?: CallOptions): Promise<readonly Grant[]>;
  /** Takes such an answer back; runs under way notice within a second. Throws `grant.not_found`. */
  revokeGrant(grantId: string, options?: CallOptions): Promise<void>;
  getSession(sessionId: string, options?: CallOptions): Promise<SessionInfo>;
  listSessions(
    request?: { readonly limit?: number; readonly before?: string },
    options?: CallOptions,
  ): Promise<SessionPage>;
  forkSession(
    request: { readonly sessionId: string; readonly atSeq: number },
    options?: CallOptions,
  ): Promise<SessionInfo>;
  /** The plans of the session's folder, the one written last first. Throws `session.not_found`. */
  listPlans(sessionId: string, options?: CallOptions): Promise<readonly PlanInfo[]>;
  /** Throws `session.not_found`, `plan.not_found`. */
  getPlan(
    request: { readonly sessionId: string; readonly path: string },
    options?: CallOptions,
  ): Promise<Plan>;
  /** Says whether enough is known for a run, and what to ask. Throws `readiness.invalid`. */
  checkReadiness(readiness: Readiness, options?: CallOptions): Promise<ReadinessVerdict>;
  /** Closes the connection; calls under way fail. */
  close(): void;
}
