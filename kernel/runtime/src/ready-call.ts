import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { ReadyCall } from "@tau/tools";

import { askPerson, bindingOf } from "./ask-person.ts";
import { effectiveCall } from "./effective-call.ts";
import { finishEffect } from "./finish-effect.ts";
import { decideByRules } from "./plan-step.ts";
import { prepare } from "./prepare-call.ts";
import { ruleOn } from "./rule-on.ts";
import { runRecheck } from "./run-hooks.ts";
import type { RunScope } from "./run-scope.ts";

/**
 * The call of an effect that was decided on, ready to run. Where the decision is not of this moment, the call is
 * prepared and checked again; answers undefined, and records why, if it may not run now.
 */
export function readyCall(scope: RunScope, effect: EffectState): ReadyCall | Promise<ReadyCall | undefined> {
  return scope.prepared.get(effect.effectId) ?? prepareAgain(scope, effect);
}

async function prepareAgain(scope: RunScope, effect: EffectState): Promise<ReadyCall | undefined> {
  const prepared = await prepare(scope, effectiveCall(effect));
  if (!prepared.ok) {
    finishEffect(scope, effect, "failed", prepared.result);
    return undefined;
  }
  const isAllowed =
    effect.asked === undefined ? ruledAgain(scope, effect, prepared) : answerHolds(scope, effect, prepared);
  if (!isAllowed) return undefined;
  const reason = await runRecheck(scope, prepared);
  if (reason !== undefined) {
    finishEffect(scope, effect, "denied", errorResult(effect.call, `tool.denied: ${reason}`));
    return undefined;
  }
  scope.prepared.set(effect.effectId, prepared);
  return prepared;
}

/** Checks what the rules allowed before: the process, its rules or the files may be others now. */
function ruledAgain(scope: RunScope, effect: EffectState, prepared: ReadyCall): boolean {
  if (ruleOn(scope, effect, prepared).decision === "allow") return true;
  decideByRules(scope, effect, prepared, effect.decided?.rewrittenArguments);
  return false;
}

/** Checks what a person allowed. Records the refusal, or asks again. */
function answerHolds(scope: RunScope, effect: EffectState, prepared: ReadyCall): boolean {
  const { call, asked } = effect;
  if (asked === undefined) return false;
  const { expiresAt, reason, held } = asked;
  const bound = reason === "unknown_effect" ? undefined : prepared;
  if (asked.binding !== bindingOf(scope, effect, { prepared: bound, expiresAt, held })) {
    const text =
      "tool.denied: The approval was for other arguments, another principal, another profile, or for files that have changed since. Call again to have it asked anew.";
    finishEffect(scope, effect, "denied", errorResult(call, text));
    return false;
  }
  const now = ruleOn(scope, effect, prepared);
  if (now.decision === "deny") {
    finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${now.reason}`));
    return false;
  }
  if (scope.clock.now() <= expiresAt) return true;
  askPerson(scope, effect, { reason, summary: asked.summary, prepared, held });
  return false;
}
