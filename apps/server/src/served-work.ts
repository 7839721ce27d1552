import type { CallContext, JsonObject } from "@tau/core";
import type { StartedRun, StartRunRequest } from "@tau/runtime";

/** A plan of a session. */
export interface ServedPlan {
  /** Relative to the session's folder. */
  readonly path: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** When it was last written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/** A plan as a person approved it. */
export interface PlanToCarryOut {
  readonly path: string;
  readonly sha256: string;
  /** Which approval it is: it counts once. Absent: the hash stands for it. */
  readonly approvalId?: string;
}

/** What must be known before a run, and what was answered to questions about it. */
export interface ReadinessRequest {
  /** Each as docs/readiness.md has it; nobody checked them yet. */
  readonly requirements: readonly JsonObject[];
  readonly answers: readonly { readonly requirementId: string; readonly value: string }[];
}

/** Whether enough is known. */
export interface ReadinessVerdict {
  readonly status: "ready" | "caveat" | "blocked";
  readonly reason: string;
  /** What is still open. */
  readonly questions: readonly {
    readonly requirementId: string;
    readonly question: string;
    readonly reason: string;
    readonly isBlocking: boolean;
  }[];
}

/** A prompt, and what its run is bound to. */
export interface BoundRunRequest extends StartRunRequest {
  /** `plan`: it reads, and writes a plan alone. */
  readonly mode?: "plan";
  readonly carryOut?: PlanToCarryOut;
  readonly readiness?: ReadinessRequest;
}

/**
 * What a server offers beside its runtime. It fails closed: what it answers to a run's request holds for the whole run, for the
 * agents below it, and in the process that takes it up after a crash.
 */
export interface ServedWork {
  /** The folder that a caller names for a session, absolute. Throws `environment.denied` unless it is served to the caller's tenant. */
  folderFor(workspace: string, context: CallContext): Promise<string>;
  /** The plans of the session's folder, the one written last first. Throws `session.not_found`. */
  listPlans(sessionId: string, context: CallContext): Promise<readonly ServedPlan[]>;
  /** Throws `session.not_found`, `plan.not_found`. */
  getPlan(
    request: { readonly sessionId: string; readonly path: string },
    context: CallContext,
  ): Promise<ServedPlan & { readonly text: string }>;
  /** Throws `readiness.invalid`. */
  checkReadiness(request: ReadinessRequest, context: CallContext): Promise<ReadinessVerdict>;
  /** Throws what `startRun` of the runtime does, `plan.*`, `readiness.*`. */
  startRun(request: BoundRunRequest, context: CallContext): Promise<StartedRun>;
}
