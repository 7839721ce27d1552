import { isTauError, mayRunAgain } from "@tau/core";
import type { JsonObject, ToolResultPart } from "@tau/core";
import type { EffectState } from "@tau/session";
import type { ReadyCall, ToolContext } from "@tau/tools";

import { runAfterTool } from "./run-hooks.ts";
import {
  askPerson,
  bindingOf,
  errorResult,
  finishEffect,
  planStep,
  preparedCall,
  ruleOn,
} from "./plan-step.ts";
import { publishDelta, runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { waitForPerson } from "./wait-for-person.ts";

/** An effect with its validated call. */
interface ReadyEffect {
  readonly effect: EffectState;
  readonly prepared: ReadyCall;
}

/**
 * Brings every tool call of the current step to a result: the effect ledger.
 *
 * Invariants, cited by the tests:
 * - E1. An effect that may not run again starts only after `effect_started` is durable.
 * - E2. An effect that was started and has no result is run again only if its class allows; otherwise a person is asked.
 * - E3. Neighbouring pure calls run together; any other call runs alone, in the order of the calls.
 * - E4. What a person allowed is checked again at execution: same arguments, principal and profile, and no rule against it now.
 */
export async function settleStep(scope: RunScope): Promise<void> {
  await planStep(scope);
  for (;;) {
    const next = runOf(scope).effects.find((effect) => effect.finished === undefined);
    if (next === undefined) return;
    if (next.started !== undefined && !resolvedUnknown(next)) {
      await settleUnknown(scope, next);
    } else if (next.asked !== undefined && next.answered === undefined) {
      await waitForPerson(scope, next.asked);
    } else if (
      next.answered !== undefined &&
      next.answered.answer !== "allow" &&
      next.answered.answer !== "rerun"
    ) {
      settleRefused(scope, next);
    } else {
      await runGroup(scope, await readyGroup(scope, next));
    }
  }
}

/** A person said that it may run again. */
function resolvedUnknown(effect: EffectState): boolean {
  return effect.asked?.reason === "unknown_effect" && effect.answered?.answer === "rerun";
}

async function settleUnknown(scope: RunScope, effect: EffectState): Promise<void> {
  const { asked, answered } = effect;
  if (asked?.reason !== "unknown_effect") {
    const summary = `The process ended while "${effect.call.name}" was running, and it must not simply run again. Did it happen?`;
    askPerson(scope, effect, "unknown_effect", summary);
  } else if (answered === undefined) {
    await waitForPerson(scope, asked);
  } else if (answered.answer === "done") {
    const text = `A person confirmed that this call was carried out; its output is lost.${said(answered.note)}`;
    finishEffect(scope, effect, "completed", { ...errorResult(effect.call, text), isError: false });
  } else {
    const text = `It is unknown whether this call was carried out: the process ended meanwhile.${said(answered.note)}`;
    finishEffect(scope, effect, "failed", errorResult(effect.call, text));
  }
}

function settleRefused(scope: RunScope, effect: EffectState): void {
  const { by, note } = effect.answered ?? {};
  const who = by === "system" ? "Nobody answered in time" : "A person denied this";
  finishEffect(
    scope,
    effect,
    "denied",
    errorResult(effect.call, `tool.denied: ${who}.${said(note)} Do not try it again.`),
  );
}

function said(note: string | undefined): string {
  return note === undefined || note === "" ? "" : ` They said: ${note}`;
}

/** The effect and, when it is pure, the pure ones directly after it that need nobody's answer. */
async function readyGroup(scope: RunScope, first: EffectState): Promise<readonly ReadyEffect[]> {
  const { effects } = runOf(scope);
  const group: ReadyEffect[] = [];
  for (const effect of effects.slice(effects.indexOf(first))) {
    const open =
      effect.asked !== undefined &&
      effect.answered?.answer !== "allow" &&
      effect.answered?.answer !== "rerun";
    if (effect.finished !== undefined || open) break;
    const prepared = await preparedCall(scope, effect);
    if (prepared === undefined || !stillAllowed(scope, effect, prepared)) break;
    const pure = prepared.tool.sideEffect === "pure";
    if (group.length > 0 && !pure) break;
    group.push({ effect, prepared });
    if (!pure) break;
  }
  return group;
}

/** Checks at execution what was decided before: an answer may be days old. Records the refusal. */
function stillAllowed(scope: RunScope, effect: EffectState, prepared: ReadyCall): boolean {
  if (effect.asked === undefined) return true;
  const { call } = effect;
  if (effect.asked.binding !== bindingOf(scope, effect)) {
    const text = "tool.denied: The approval was for other arguments, another principal or another profile.";
    finishEffect(scope, effect, "denied", errorResult(call, text));
    return false;
  }
  const now = ruleOn(scope, prepared);
  if (now.decision !== "deny") return true;
  finishEffect(scope, effect, "denied", errorResult(call, `tool.denied: ${now.reason}`));
  return false;
}

async function runGroup(scope: RunScope, group: readonly ReadyEffect[]): Promise<void> {
  if (group.length === 0) return;
  for (const ready of group) recordStart(scope, ready);
  const durable = scope.log.commit();
  if (group.some(({ prepared }) => !mayRunAgain(prepared.tool.sideEffect))) await durable;
  const [only] = group;
  if (only !== undefined && group.length === 1) return await runEffect(scope, only);
  // All of them come to an end before the first failure counts: nothing is left running.
  const outcomes = await Promise.allSettled(group.map((ready) => runEffect(scope, ready)));
  for (const outcome of outcomes) if (outcome.status === "rejected") await Promise.reject(outcome.reason);
}

function recordStart(scope: RunScope, { effect, prepared }: ReadyEffect): void {
  const { runId, environment } = scope;
  scope.log.record({
    type: "effect_started",
    runId,
    effectId: effect.effectId,
    callId: effect.call.id,
    tool: effect.call.name,
    sideEffect: prepared.tool.sideEffect,
    idempotencyKey: idempotencyKey(scope, effect.effectId),
    environment: `${environment.info.kind}:${environment.info.profileHash}`,
  });
}

async function runEffect(scope: RunScope, { effect, prepared }: ReadyEffect): Promise<void> {
  const { clock } = scope;
  const startedAt = clock.now();
  await scope.engine.step(`effect:${effect.effectId}`, async () => {
    try {
      const ran = await scope.agent.tools.run(prepared, toolContext(scope, effect));
      reportFailure(scope, ran.error, effect.call.name);
      const hooked = (scope.agent.hooks ?? []).length > 0;
      const result = hooked ? await runAfterTool(scope, effect.call.name, ran.result) : ran.result;
      const artifacts = ran.artifacts.map(({ id, name, mediaType, size }) => ({ id, name, mediaType, size }));
      const details = { ...ran.details, ...(artifacts.length === 0 ? {} : { artifacts }) };
      recordEnd(scope, effect, {
        outcome: result.isError ? "failed" : "completed",
        result,
        details,
        startedAt,
      });
    } catch (error) {
      // A shutdown leaves the effect open: whoever takes the run up decides by its class.
      if (!scope.call.signal.aborted || leavesUnfinished(scope.call.signal.reason)) throw error;
      const result = errorResult(effect.call, "Cancelled before it ended; it may have had effects.");
      recordEnd(scope, effect, { outcome: "cancelled", result, details: {}, startedAt });
      throw error;
    }
    return null;
  });
  // Nobody waits for this commit: a later one, and the end of the run, do. See L1 in session-log.ts.
  scope.log.commit().catch(() => undefined);
}

function toolContext(scope: RunScope, { effectId, call }: EffectState): ToolContext {
  return {
    call: scope.call,
    signal: scope.call.signal,
    environment: scope.environment,
    artifacts: scope.artifacts,
    files: scope.log.files,
    idempotencyKey: idempotencyKey(scope, effectId),
    progress: (text) => publishDelta(scope, { type: "tool_progress", effectId, tool: call.name, text }),
  };
}

/** The same whenever the effect is run again, and different for every other effect of every tenant. */
function idempotencyKey(scope: RunScope, effectId: string): string {
  return `${scope.call.tenant}/${effectId}`;
}

interface EffectEnd {
  readonly outcome: "completed" | "failed" | "cancelled";
  readonly result: ToolResultPart;
  readonly details: JsonObject;
  readonly startedAt: number;
}

function recordEnd(scope: RunScope, { effectId, call }: EffectState, end: EffectEnd): void {
  const { outcome, result, details, startedAt } = end;
  scope.log.record({
    type: "effect_finished",
    runId: scope.runId,
    effectId,
    callId: call.id,
    tool: call.name,
    outcome,
    result,
    durationMs: scope.clock.now() - startedAt,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  });
}

function reportFailure(scope: RunScope, error: unknown, tool: string): void {
  if (error === undefined || isTauError(error)) return;
  const { tenant, traceId } = scope.call;
  scope.observer({ name: "tool.failed", level: 17, tenant, traceId, attributes: { tool }, error });
}

/** Tells whether a run that aborts for this reason is to be taken up again later. */
export function leavesUnfinished(reason: unknown): boolean {
  return isTauError(reason) && (reason.code === "engine.stopped" || reason.code === "engine.lease_lost");
}
