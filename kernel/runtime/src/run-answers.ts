import { isTauError } from "@tau/core";
import type { ApprovalAnswered, ApprovalRequested, CallContext, SessionEvent } from "@tau/core";

import type { Runtime } from "./runtime.ts";

/** What a person said to a question of a run. */
export type RunAnswer = Pick<ApprovalAnswered, "answer" | "note">;

/** Has a person answer a question of a run. Rejects with the signal's reason. */
export type AnswerQuestion = (question: ApprovalRequested, signal: AbortSignal) => Promise<RunAnswer>;

/** Has the questions of a run answered, one after the other, while its events are looked at. */
export interface RunAnswers extends AsyncDisposable {
  see(event: SessionEvent): void;
}

/** Options of {@link createRunAnswers}. */
export interface RunAnswersOptions {
  readonly answer: AnswerQuestion;
  readonly context: CallContext;
}

interface OpenQuestion {
  readonly question: ApprovalRequested;
  readonly stop: AbortController;
}

/** What cannot be asked is denied: the run must not wait for ever. */
function deny(error: unknown, signal: AbortSignal): RunAnswer {
  signal.throwIfAborted();
  return { answer: "deny", note: isTauError(error) ? error.message : "Nobody could be asked." };
}

/** Makes {@link RunAnswers}. What somebody else answers first is not asked any more; disposing asks nobody any more. */
export function createRunAnswers(
  runtime: Pick<Runtime, "respond">,
  { sessionId, runId }: { readonly sessionId: string; readonly runId: string },
  { answer, context }: RunAnswersOptions,
): RunAnswers {
  const open = new Map<string, OpenQuestion>();
  const over = new AbortController();
  let asking: Promise<void> | undefined;

  const askOne = async ({ question, stop }: OpenQuestion): Promise<void> => {
    const signal = AbortSignal.any([context.signal, over.signal, stop.signal]);
    try {
      const said = await answer(question, signal).catch((error: unknown) => deny(error, signal));
      const { answer: word, note } = said;
      await runtime.respond(
        {
          sessionId,
          approvalId: question.approvalId,
          answer: word,
          ...(note === undefined ? {} : { note }),
        },
        { ...context, signal },
      );
    } catch (error) {
      // Answered elsewhere, or nobody waits any more: the run goes on, or its end is seen by whoever waits for it.
      if (!signal.aborted && !isTauError(error)) throw error;
    }
  };

  const askAll = async (): Promise<void> => {
    for (const [approvalId, one] of open) {
      await askOne(one);
      open.delete(approvalId);
    }
    asking = undefined;
  };

  return {
    see(event) {
      if (!("runId" in event) || event.runId !== runId) return;
      if (event.type === "approval_requested")
        open.set(event.approvalId, { question: event, stop: new AbortController() });
      if (event.type === "approval_answered") {
        open.get(event.approvalId)?.stop.abort();
        open.delete(event.approvalId);
      }
      if (event.type === "run_waiting" && open.size > 0) asking ??= askAll();
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await asking;
    },
  };
}
