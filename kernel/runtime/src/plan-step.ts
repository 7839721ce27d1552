import type { EffectState } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { PreparedCall, ReadyCall } from "@tau/tools";

import { askPerson } from "./ask-person.ts";
import { holdingTransactions } from "./can-hold.ts";
import { finishEffect } from "./finish-effect.ts";
import { prepare } from "./prepare-call.ts";
import { ruleOn } from "./rule-on.ts";
import { runBeforeTool } from "./run-hooks.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

/**
 * Decides on every call of the current step that has no decision yet: arguments, hooks, rules. Records a
 * decision and its reason for each, a result for what is refused, and a question for what a person must decide.
 */
export function planStep(scope: RunScope): Promise<void> | undefined {
  const looking = scope.grants.refresh(scope.call.signal);
  return looking === undefined ? decideAll(scope) : looking.then(() => decideAll(scope));
}

/** Usually at once. What has to wait is followed by the rest, of which it is no part any more. */
function decideAll(scope: RunScope): Promise<void> | undefined {
  for (const effect of runOf(scope).effects) {
    if (effect.finished !== undefined || effect.decided !== undefined) continue;
    const deciding = decide(scope, effect);
    if (deciding !== undefined) return deciding.then(() => decideAll(scope));
  }
  return undefined;
}

/** Usually at once: whether there is something to look up, and hooks to ask, is known without waiting. */
function decide(scope: RunScope, effect: EffectState): Promise<void> | undefined {
  const first = prepare(scope, effect.call);
  return first instanceof Promise
    ? first.then((prepared) => decidePrepared(scope, effect, prepared))
    : decidePrepared(scope, effect, first);
}

function decidePrepared(
  scope: RunScope,
  effect: EffectState,
  prepared: PreparedCall,
): Promise<void> | undefined {
  if (prepared.ok && (scope.agent.hooks ?? []).length > 0) return decideByHooks(scope, effect, prepared);
  if (prepared.ok) decideByRules(scope, effect, prepared);
  else finishEffect(scope, effect, "failed", prepared.result);
  return undefined;
}

async function decideByHooks(scope: RunScope, effect: EffectState, first: ReadyCall): Promise<void> {
  const hooks = await runBeforeTool(scope, first.tool.name, first.args);
  if (!hooks.ok) return deny(scope, effect, hooks.reason);
  if (hooks.rewritten === undefined) return decideByRules(scope, effect, first);

  const rewritten = first.rewritten(hooks.rewritten);
  const again = await prepare(scope, rewritten);
  if (!again.ok) return deny(scope, effect, "A hook rewrote the arguments into invalid ones.");
  return decideByRules(scope, effect, again, rewritten.arguments);
}

/** Records what the rules say of a call, and what follows from it. */
export function decideByRules(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
  rewrittenArguments?: string,
): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  const said = ruleOn(scope, effect, prepared);
  const { decision, reason, rule, kinds, label } = said;
  scope.log.record({
    type: "permission_decided",
    runId,
    effectId,
    tool: prepared.tool.name,
    decision,
    reason,
    ...(rule === undefined ? {} : { rule }),
    ...(rewrittenArguments === undefined ? {} : { rewrittenArguments }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(label === undefined ? {} : { label }),
  });
  if (decision === "deny")
    return finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${reason}`));
  const question = prepared.tool.question?.(prepared.input);
  // Whoever answers is a person who sees what is asked: nobody has to allow that first.
  if (question !== undefined)
    return askPerson(scope, effect, { reason: "question", summary: question.text, question });
  scope.prepared.set(effectId, prepared);
  if (decision !== "ask" || holdingTransactions(scope, prepared) !== undefined) return;
  askUnlessRefused(scope, effect, prepared, said);
}

/**
 * Asks about a call by its words. What is asked only because its changes are not known is taken as changing any file:
 * where the rules let nobody be asked about that, it is refused.
 */
export function askUnlessRefused(
  scope: RunScope,
  effect: EffectState,
  prepared: ReadyCall,
  said: ReturnType<typeof ruleOn>,
): void {
  const { workspace } = scope.environment.info.profile;
  if (said.review === true) {
    if (said.label?.integrity === "untrusted" && scope.flow?.asks === false)
      return deny(scope, effect, said.reason);
    const anything = { ...prepared, access: [{ kind: "write", path: workspace }] } as const;
    const { decision, reason } = ruleOn(scope, effect, anything);
    if (decision === "deny") return deny(scope, effect, reason);
  }
  askPerson(scope, effect, { reason: "approval", summary: said.reason, prepared });
}

function deny(scope: RunScope, effect: EffectState, reason: string): void {
  const { runId } = scope;
  const { effectId, call } = effect;
  scope.log.record({
    type: "permission_decided",
    runId,
    effectId,
    tool: call.name,
    decision: "deny",
    reason,
  });
  finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${reason}`));
}
