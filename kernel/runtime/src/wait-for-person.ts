import type { ApprovalRequested } from "@tau/core";

import type { InboxAnswer } from "./inbox.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { untilAborted } from "./until-aborted.ts";

/** The name of the engine's signal that wakes a run which waits for this answer. */
export function answerSignal(approvalId: string): string {
  return `approval:${approvalId}`;
}

type Said = Pick<InboxAnswer, "answer" | "by" | "note" | "remember">;

/**
 * Waits, for days if need be, for the answer to one question; others of the step may be answered meanwhile.
 * The answer is what lies in the inbox: the signal only wakes. A process that was killed between the two has
 * answered all the same.
 */
export async function waitForPerson(scope: RunScope, asked: ApprovalRequested): Promise<void> {
  const { log, clock, runId } = scope;
  const { approvalId, effectId, reason } = asked;
  await log.commit();
  // A run that is taken up again may have its answer already: then it does not wait, and nobody is told that it does.
  let answer = await scope.inbox.answerTo(approvalId, scope.call.signal);
  if (answer === undefined) {
    if (runOf(scope).status !== "waiting") {
      const approvalIds = log.state.pending.map((approval) => approval.approvalId);
      log.record({ type: "run_waiting", runId, reason, approvalIds });
    }
    await log.commit();
    const timeoutMs = Math.max(0, asked.expiresAt - clock.now());
    // The engine knows nothing of the caller's deadline: the run's own signal does.
    await scope.timer.whilePaused(() =>
      untilAborted(scope.engine.wait(answerSignal(approvalId), { timeoutMs }), scope.call.signal, 0),
    );
    answer = await scope.inbox.answerTo(approvalId, scope.call.signal);
  }
  const { answer: said, by, note, remember }: Said = answer ?? { answer: "deny", by: "system" };
  log.record({
    type: "approval_answered",
    runId,
    approvalId,
    effectId,
    answer: said,
    by,
    ...(note === undefined ? {} : { note }),
    ...(remember === undefined ? {} : { remember }),
  });
  if (remember !== undefined) await scope.grants.refresh(scope.call.signal, true);
}
