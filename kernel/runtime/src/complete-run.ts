import { textOf } from "@tau/core";
import type { CallContext, Label, RunFinished, RunLimits } from "@tau/core";

import { leavesUnfinished } from "./perform-effect.ts";
import { createRunAnswers } from "./run-answers.ts";
import type { AnswerQuestion, RunAnswers } from "./run-answers.ts";
import type { Runtime } from "./runtime.ts";

/** A prompt whose answer is wanted as a whole. */
export interface CompleteRunRequest {
  readonly prompt: string;
  /** How far to trust the prompt, where it is not a person's own words: a parent's, who was shown something. */
  readonly label?: Label;
  /** The session to go on with; a new one when absent. */
  readonly sessionId?: string;
  /** Makes the run idempotent: who comes back with the same id waits for the run that there is. Goes with `sessionId`. */
  readonly runId?: string;
  readonly agent?: string;
  readonly limits?: RunLimits;
  /**
   * Has a person answer what the run asks; absent: somebody does so elsewhere. Called again for a question that was open
   * when a process ended; the first answer counts, wherever it comes from.
   */
  readonly answer?: AnswerQuestion;
}

/** How a run ended, and what it said last. */
export interface CompletedRun extends Omit<RunFinished, "type"> {
  readonly sessionId: string;
  /** The text of the model's last answer; empty when there was none. */
  readonly text: string;
  /** How far to trust it: what it was made of. Absent: nothing of that was untrusted or secret. */
  readonly label?: Label;
}

/**
 * Runs a prompt and waits for its end, however it ends: `status` and `reason` tell. A run that waits for a person
 * is waited for as long. For fragments and events on the way, use `startRun` and `attach`.
 *
 * When `context.signal` aborts, the run is cancelled and the reason thrown; when it aborts because this process only leaves
 * its runs to another one, the run is left, too.
 */
export async function completeRun(
  runtime: Runtime,
  request: CompleteRunRequest,
  context: CallContext,
): Promise<CompletedRun> {
  const { prompt, label, runId: wanted, agent, limits, answer } = request;
  const sessionId = request.sessionId ?? (await runtime.createSession({}, context)).sessionId;
  const { runId, fromSeq } = await runtime.startRun(
    {
      sessionId,
      prompt: {
        role: "user",
        parts: [{ type: "text", text: prompt, ...(label === undefined ? {} : { label }) }],
      },
      ...(wanted === undefined ? {} : { runId: wanted }),
      ...(agent === undefined ? {} : { agent }),
      ...(limits === undefined ? {} : { limits }),
    },
    context,
  );
  const run = { sessionId, runId, fromSeq };
  await using answers =
    answer === undefined ? undefined : createRunAnswers(runtime, run, { answer, context });
  try {
    return { sessionId, ...(await endOf(runtime, run, { context, answers })) };
  } catch (error) {
    if (context.signal.aborted && !leavesUnfinished(context.signal.reason)) {
      const { signal } = new AbortController();
      await runtime.cancelRun({ sessionId, runId, reason: "The caller gave up." }, { ...context, signal });
    }
    throw error;
  }
}

interface Run {
  readonly sessionId: string;
  readonly runId: string;
  readonly fromSeq: number;
}

async function endOf(
  runtime: Runtime,
  { sessionId, runId, fromSeq }: Run,
  { context, answers }: { readonly context: CallContext; readonly answers: RunAnswers | undefined },
): Promise<Omit<CompletedRun, "sessionId">> {
  let text = "";
  let label: Label | undefined;
  for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      const { event } = one;
      answers?.see(event);
      if (event.type === "model_finished" && event.runId === runId) {
        text = textOf(event.message);
        ({ label } = event);
      }
      if (event.type !== "run_finished" || event.runId !== runId) continue;
      const { type: _, ...end } = event;
      return { ...end, text, ...(label === undefined ? {} : { label }) };
    }
  }
  throw new TypeError(`The events of run ${runId} ended without its end.`);
}
