import { isTerminal, TauError } from "@tau/core";
import type { ApprovalRequested, CallContext } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { InboxAnswer } from "./inbox.ts";
import type { RespondRequest } from "./runtime.ts";
import type { SessionDirectory } from "./session-directory.ts";
import type { Sessions } from "./sessions.ts";
import { answerSignal } from "./wait-for-person.ts";

/** Collaborators of {@link respond}. */
export interface RespondHost {
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly directory: SessionDirectory;
  readonly clock: Clock;
}

/**
 * Answers a question of a run, from any process: durable in the session's inbox, where the first answer counts,
 * and then a signal that wakes the run.
 */
export async function respond(
  host: RespondHost,
  request: RespondRequest,
  context: CallContext,
): Promise<void> {
  const { sessions, directory, engine, clock } = host;
  const { sessionId, approvalId, answer, note } = request;
  const { tenant, principal, signal } = context;
  const { run } = await directory.state(sessionId, context);
  const asked = run?.effects.find((effect) => effect.asked?.approvalId === approvalId)?.asked;
  if (asked === undefined || run === undefined || isTerminal(run.status)) throw approvalNotFound(approvalId);
  assertFits(asked, answer);
  if (clock.now() > asked.expiresAt) {
    throw new TauError("approval.expired", "The question expired; the run took that as a denial.");
  }
  const item: InboxAnswer = {
    type: "answer",
    by: principal.id,
    approvalId,
    answer,
    ...(note === undefined ? {} : { note }),
  };
  const before = await sessions.inbox(tenant, sessionId).addAnswer(item, signal);
  // Also when somebody was faster: the process that answered may have been killed before it could say so.
  await engine.signal({ tenant, key: sessionId, runId: run.runId }, answerSignal(approvalId), null);
  if (before !== undefined) throw alreadyAnswered(before);
}

function assertFits({ reason }: ApprovalRequested, answer: string): void {
  const fitting = reason === "unknown_effect" ? ["rerun", "done", "deny"] : ["allow", "deny"];
  if (fitting.includes(answer)) return;
  throw new TauError(
    "approval.invalid_answer",
    `answer ${JSON.stringify(answer)} does not fit this question; use one of: ${fitting.join(", ")}.`,
  );
}

function alreadyAnswered({ by }: InboxAnswer): TauError {
  return new TauError(
    "approval.answered",
    `The question was already answered by ${by}; an answer counts once.`,
  );
}

function approvalNotFound(approvalId: string): TauError {
  return new TauError(
    "approval.not_found",
    `No run of this session waits for an answer to ${JSON.stringify(approvalId.slice(0, 128))}.`,
  );
}
