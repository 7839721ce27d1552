import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";

import { askPerson } from "./ask-person.ts";
import { finishEffect } from "./finish-effect.ts";
import type { RunScope } from "./run-scope.ts";
import type { SessionLog } from "./session-log.ts";
import { waitForPerson } from "./wait-for-person.ts";

/** Finds out from a person what became of an effect that was started and must not simply run again. */
export async function settleUnknown(scope: RunScope, effect: EffectState): Promise<void> {
  const { asked, answered, call } = effect;
  // An answer is good for one start; an effect that was interrupted again is asked about again.
  if (asked?.reason !== "unknown_effect" || answered?.answer === "rerun") {
    const summary = `The process ended while "${call.name}" was running, and it must not simply run again. Did it happen?`;
    askPerson(scope, effect, { reason: "unknown_effect", summary });
  } else if (answered === undefined) {
    await waitForPerson(scope, asked);
  } else if (answered.answer === "done") {
    const text = `A person confirmed that this call was carried out; its output is lost.${said(answered.note)}`;
    finishEffect(scope, effect, "completed", { ...errorResult(call, text), isError: false });
  } else {
    finishEffect(scope, effect, "unknown", unknownResult(effect, said(answered.note)));
  }
}

/**
 * Says of what was started and never ended that nobody knows: the run ends, and a model that believed such a
 * call was never run would simply do it again.
 */
export function closeOpenEffects(log: SessionLog, runId: string): void {
  const { run } = log.state;
  if (run?.runId !== runId) return;
  for (const effect of run.effects.flatMap((one) => [one, ...(one.inner ?? [])])) {
    if (effect.started === undefined || effect.finished !== undefined) continue;
    finishEffect({ log, runId }, effect, "unknown", unknownResult(effect, ""));
  }
}

/** What a person added to an answer. */
export function said(note: string | undefined): string {
  return note === undefined || note === "" ? "" : ` They said: ${JSON.stringify(note)}.`;
}

function unknownResult({ call }: EffectState, more: string): ReturnType<typeof errorResult> {
  const text = "It is unknown whether this call was carried out: it was interrupted.";
  return errorResult(call, `${text}${more} Find out before you do it again.`);
}
