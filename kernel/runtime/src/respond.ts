import { isTerminal, TauError } from "@tau/core";
import type { ApprovalRequested, CallContext, WaitingReason } from "@tau/core";

import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { Grant, Grants } from "./grants.ts";
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
): Promise<Grant | undefined> {
  const { sessions, directory, engine, clock } = host;
  const { sessionId, approvalId, answer, note, remember } = request;
  const { tenant, principal, signal } = context;
  const { run } = await directory.state(sessionId, context);
  const asked = run?.effects
    .flatMap((effect) => [effect, ...(effect.inner ?? [])])
    .find((effect) => effect.asked?.approvalId === approvalId)?.asked;
  if (asked === undefined || run === undefined || isTerminal(run.status)) throw approvalNotFound(approvalId);
  assertFits(asked, answer, note);
  if (remember !== undefined || request.rememberForMs !== undefined)
    assertMayRemember(asked, request, principal.id === run.principal);
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
  const kept = before === undefined ? await keepGrant(host, { asked, request }, context) : undefined;
  // Also when somebody was faster: the process that answered may have been killed before it could say so.
  await engine.signal({ tenant, key: sessionId, runId: run.runId }, answerSignal(approvalId), null);
  if (before !== undefined) throw alreadyAnswered(before);
  return kept;
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
function assertMayRemember(asked: ApprovalRequested, request: RespondRequest, isOwn: boolean): void {
  const problem = problemOfRemembering(asked, request, isOwn);
  if (problem !== undefined)
    throw new TauError("approval.invalid_answer", `remember does not fit: ${problem}.`);
}

function problemOfRemembering(
  { grant }: ApprovalRequested,
  { answer, remember, rememberForMs = 1 }: RespondRequest,
  isOwn: boolean,
): string | undefined {
  if (remember === undefined) return "rememberForMs says only for how long; say session or always, too";
  if (answer !== "allow") return "only an allow can count for longer than once";
  if (grant === undefined) return "this question has no answer for longer than once; answer it once";
  if (!isOwn) return "only the principal of the run can allow it for longer than once; answer it once";
  if (Number.isSafeInteger(rememberForMs) && rememberForMs >= 1 && rememberForMs <= grant.ttlMs)
    return undefined;
  return `rememberForMs is ${rememberForMs}; the question offers 1 to ${grant.ttlMs}`;
}

async function keepGrant(
  { grants, clock }: RespondHost,
  { asked, request }: { readonly asked: ApprovalRequested; readonly request: RespondRequest },
  { tenant, principal, signal }: CallContext,
): Promise<Grant | undefined> {
  const { remember, sessionId, rememberForMs } = request;
  if (remember === undefined || asked.grant === undefined) return undefined;
  const { ttlMs, ...terms } = asked.grant;
  const grantedAt = clock.now();
  const grant = {
    id: asked.approvalId,
    scope: remember,
    terms,
    sessionId,
    grantedAt,
    expiresAt: grantedAt + (rememberForMs ?? ttlMs),
  };
  await grants.add({ tenant, principal: principal.id }, grant, signal);
  return grant;
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
