import { isTerminal, TauError } from "@tau/core";
import type { ApprovalRequested, CallContext, WaitingReason } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { Grants } from "./grants.ts";
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
  readonly grants: Grants;
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
  const { sessionId, approvalId, answer, note, remember } = request;
  const { tenant, principal, signal } = context;
  const { run } = await directory.state(sessionId, context);
  const asked = run?.effects.find((effect) => effect.asked?.approvalId === approvalId)?.asked;
  if (asked === undefined || run === undefined || isTerminal(run.status)) throw approvalNotFound(approvalId);
  assertFits(asked, answer, note);
  if (remember !== undefined) assertMayRemember(asked, request, principal.id === run.principal);
  if (clock.now() > asked.expiresAt) {
    throw new TauError("approval.expired", "The question expired; the run took that as a denial.");
  }
  const item: InboxAnswer = {
    type: "answer",
    by: principal.id,
    approvalId,
    answer,
    ...(note === undefined ? {} : { note }),
    ...(remember === undefined ? {} : { remember }),
  };
  const before = await sessions.inbox(tenant, sessionId).addAnswer(item, signal);
  if (before === undefined) await keepGrant(host, { asked, request }, context);
  // Also when somebody was faster: the process that answered may have been killed before it could say so.
  await engine.signal({ tenant, key: sessionId, runId: run.runId }, answerSignal(approvalId), null);
  if (before !== undefined) throw alreadyAnswered(before);
}

const fittingAnswers: Readonly<Record<WaitingReason, readonly string[]>> = {
  approval: ["allow", "deny"],
  unknown_effect: ["rerun", "done", "deny"],
  question: ["answer", "deny"],
};

function assertFits({ reason }: ApprovalRequested, answer: string, note: string | undefined): void {
  const fitting = fittingAnswers[reason];
  if (fitting.includes(answer)) {
    if (answer !== "answer" || (note !== undefined && note.trim() !== "")) return;
    throw new TauError("approval.invalid_answer", "note is empty: it is the answer to the question.");
  }
  throw new TauError(
    "approval.invalid_answer",
    `answer ${JSON.stringify(answer)} does not fit this question; use one of: ${fitting.join(", ")}.`,
  );
}

/** Only the one whose calls it is about can say that they need not be asked any more. */
function assertMayRemember(asked: ApprovalRequested, { answer }: RespondRequest, isOwn: boolean): void {
  const problem =
    answer !== "allow"
      ? "only an allow can count for longer than once"
      : asked.grant === undefined
        ? "this question has no answer for longer than once; answer it once"
        : isOwn
          ? undefined
          : "only the principal of the run can allow it for longer than once; answer it once";
  if (problem !== undefined)
    throw new TauError("approval.invalid_answer", `remember does not fit: ${problem}.`);
}

async function keepGrant(
  { grants, clock }: RespondHost,
  { asked, request }: { readonly asked: ApprovalRequested; readonly request: RespondRequest },
  { tenant, principal, signal }: CallContext,
): Promise<void> {
  const { remember, sessionId } = request;
  if (remember === undefined || asked.grant === undefined) return;
  const { ttlMs, ...terms } = asked.grant;
  const grantedAt = clock.now();
  const grant = {
    id: asked.approvalId,
    scope: remember,
    terms,
    sessionId,
    grantedAt,
    expiresAt: grantedAt + ttlMs,
  };
  await grants.add({ tenant, principal: principal.id }, grant, signal);
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
