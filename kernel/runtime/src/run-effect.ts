import { createInnerCalls } from "./inner-calls.ts";
import { isPure, perform, recordStart } from "./perform-effect.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import type { RunScope } from "./run-scope.ts";
import { createToolQuestions } from "./tool-questions.ts";

/** Runs effects together, each between its start and its end in the log; see E1 in settle-step.ts. */
export function runGroup(scope: RunScope, group: readonly ReadyEffect[]): Promise<unknown> {
  for (const ready of group) recordStart(scope, ready);
  if (!group.every(isPure)) return scope.log.commit().then(() => runTogether(scope, group));
  scope.log.sendSoon();
  return runTogether(scope, group);
}

function runTogether(scope: RunScope, group: readonly ReadyEffect[]): Promise<unknown> {
  const running = group.map((ready) => runEffect(scope, ready));
  return running.length === 1 && running[0] !== undefined ? running[0] : allOf(running);
}

/** All of them come to an end before the first failure counts: nothing is left running. */
async function allOf(running: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(running);
  for (const outcome of outcomes) if (outcome.status === "rejected") await Promise.reject(outcome.reason);
}

function runEffect(scope: RunScope, ready: ReadyEffect): Promise<null> {
  const { signal } = scope.call;
  const inner = createInnerCalls(scope, ready.effect);
  const ask = createToolQuestions(scope, ready.effect);
  return scope.engine.step(`effect:${ready.effect.effectId}`, () =>
    perform(scope, ready, { signal, ask, ...inner }).then(nothing),
  );
}

/** The result is in the log. */
function nothing(): null {
  return null;
}
