import { userLabel } from "@tau/core";
import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";

import { holdEffect } from "./hold-effect.ts";
import { finishEffect } from "./finish-effect.ts";
import { planStep } from "./plan-step.ts";
import { readyCall } from "./ready-call.ts";
import { isPure } from "./perform-effect.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import { runGroup } from "./run-effect.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { said, settleUnknown } from "./settle-unknown.ts";
import { waitForPerson } from "./wait-for-person.ts";

// A model may ask for any number of calls at once; sockets, files and processes are not without number.
const maxTogether = 16;

/**
 * Brings every tool call of the current step to a result: the effect ledger.
 *
 * Invariants, cited by the tests:
 * - E1. An effect that changes the world starts only after the answer that asked for it, and its `effect_started`,
 *   are durable: no effect is without a trace, and its idempotency key never meets other arguments after a crash.
 * - E2. An effect that was started and has no result is run again only if its class allows; otherwise a person is
 *   asked, each time.
 * - E3. Neighbouring pure calls run together, 16 at most; any other call runs alone, in the order of the calls.
 * - E4. What was decided, or allowed by a person, is checked again at execution if anything may have changed since:
 *   same arguments, principal and profile, not expired, the real paths of now, and no rule or hook against it now.
 * - E5. What a person must decide on is tried on a copy first, where the environment has copies; it is asked about by what
 *   it changes, and what changes nothing is not asked about unless a rule wants that.
 */
export async function settleStep(scope: RunScope): Promise<void> {
  const planning = planStep(scope);
  if (planning !== undefined) await planning;
  for (;;) {
    const next = runOf(scope).effects.find((effect) => effect.finished === undefined);
    if (next === undefined) break;
    if (isUnknown(next)) {
      await settleUnknown(scope, next);
      forgetDecisions(scope);
    } else if (next.asked !== undefined && next.answered === undefined) {
      await waitForPerson(scope, next.asked);
      forgetDecisions(scope);
    } else if (next.answered !== undefined && !isAllowed(next)) {
      if (isAnswer(next)) settleAnswered(scope, next);
      else await settleRefused(scope, next);
    } else if (isUndecided(next)) {
      await holdEffect(scope, next);
    } else {
      const found = readyGroup(scope, next);
      const group = found instanceof Promise ? await found : found;
      await runGroup(scope, group);
      if (!group.every(isPure)) forgetDecisions(scope);
    }
  }
  forgetDecisions(scope);
}

/** Days may have passed, or a command may have put a symlink in the way: what calls would touch is found out anew. */
function forgetDecisions(scope: RunScope): void {
  scope.prepared.clear();
}

/** Whether it was started once, or a person is asked about that, and not yet sent to start again. */
function isUnknown({ started, asked, answered }: EffectState): boolean {
  return started !== undefined || (asked?.reason === "unknown_effect" && answered?.answer !== "rerun");
}

/** Whether a person must decide on it who has not been asked: what it changes is found out first. */
function isUndecided({ decided, asked }: EffectState): boolean {
  return decided?.decision === "ask" && asked === undefined;
}

function isAllowed({ answered }: EffectState): boolean {
  return answered?.answer === "allow" || answered?.answer === "rerun";
}

function isAnswer({ asked, answered }: EffectState): boolean {
  return asked?.reason === "question" && answered?.answer === "answer";
}

/** The person's words are the result, and are trusted as theirs. */
function settleAnswered(scope: RunScope, effect: EffectState): void {
  const { call, answered } = effect;
  const content = [{ type: "text", text: answered?.note ?? "", label: userLabel }] as const;
  finishEffect(scope, effect, "completed", { ...errorResult(call, ""), content, isError: false });
}

async function settleRefused(scope: RunScope, effect: EffectState): Promise<void> {
  const { by, note } = effect.answered ?? {};
  if (effect.asked?.reason === "question") return settleUnanswered(scope, effect);
  const held = effect.asked?.held;
  if (held !== undefined)
    await scope.environment.transactions?.discard(held.transactionId, scope.call.signal);
  const who = by === "system" ? "Nobody answered in time" : "A person denied this";
  finishEffect(
    scope,
    effect,
    "denied",
    errorResult(effect.call, `tool.denied: ${who}.${said(note)} Do not try it again.`),
  );
}

function settleUnanswered(scope: RunScope, effect: EffectState): void {
  const { by, note } = effect.answered ?? {};
  const who = by === "system" ? "Nobody answered in time" : "The person does not want to answer this";
  const text = `${who}.${said(note)} Go on with what is most likely right and say what you assumed, or stop here.`;
  finishEffect(scope, effect, "denied", errorResult(effect.call, text));
}

/** The effect and, when it is pure, the pure ones directly after it that need nobody's answer. */
function readyGroup(
  scope: RunScope,
  first: EffectState,
): Promise<readonly ReadyEffect[]> | readonly ReadyEffect[] {
  const prepared = scope.prepared.get(first.effectId);
  const isAlone = runOf(scope).effects.length === 1;
  // The one call of an answer, just decided on, is a group by itself: there is nothing to wait for.
  return isAlone && prepared !== undefined ? [{ effect: first, prepared }] : gatherGroup(scope, first);
}

async function gatherGroup(scope: RunScope, first: EffectState): Promise<readonly ReadyEffect[]> {
  const { effects } = runOf(scope);
  const group: ReadyEffect[] = [];
  const from = effects.indexOf(first);
  for (const effect of effects.slice(from, from + maxTogether)) {
    const isOpen = isUndecided(effect) || (effect.asked !== undefined && !isAllowed(effect));
    if (effect.finished !== undefined || isOpen) break;
    const found = readyCall(scope, effect);
    const prepared = found instanceof Promise ? await found : found;
    if (prepared === undefined) break;
    const ready = { effect, prepared };
    if (group.length > 0 && !isPure(ready)) break;
    group.push(ready);
    if (!isPure(ready)) break;
  }
  return group;
}
