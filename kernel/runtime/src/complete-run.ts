import { textOf } from "@tau/core";
import type { CallContext, Label, RunFinished, RunLimits } from "@tau/core";

import type { Runtime } from "./runtime.ts";

/** A prompt whose answer is wanted as a whole. */
export interface CompleteRunRequest {
  readonly prompt: string;
  /** How far to trust the prompt, where it is not a person's own words: a parent's, who was shown something. */
  readonly label?: Label;
  /** The session to go on with; a new one when absent. */
  readonly sessionId?: string;
  readonly agent?: string;
  readonly limits?: RunLimits;
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
 * When `context.signal` aborts, the run is cancelled and the reason thrown.
 */
export async function completeRun(
  runtime: Runtime,
  request: CompleteRunRequest,
  context: CallContext,
): Promise<CompletedRun> {
  const { prompt, label, agent, limits } = request;
  const sessionId = request.sessionId ?? (await runtime.createSession({}, context)).sessionId;
  const { runId, fromSeq } = await runtime.startRun(
    {
      sessionId,
      prompt: {
        role: "user",
        parts: [{ type: "text", text: prompt, ...(label === undefined ? {} : { label }) }],
      },
      ...(agent === undefined ? {} : { agent }),
      ...(limits === undefined ? {} : { limits }),
    },
    context,
  );
  try {
    return { sessionId, ...(await endOf(runtime, { sessionId, runId, fromSeq }, context)) };
  } catch (error) {
    if (context.signal.aborted) {
      const { signal } = new AbortController();
      await runtime.cancelRun({ sessionId, runId, reason: "The caller gave up." }, { ...context, signal });
    }
    throw error;
  }
}

async function endOf(
  runtime: Runtime,
  {
    sessionId,
    runId,
    fromSeq,
  }: { readonly sessionId: string; readonly runId: string; readonly fromSeq: number },
  context: CallContext,
): Promise<Omit<CompletedRun, "sessionId">> {
  let text = "";
  let label: Label | undefined;
  for await (const batch of runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, context)) {
    for (const one of batch) {
      if (one.kind !== "event") continue;
      const { event } = one;
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
