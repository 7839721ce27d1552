import { isTauError } from "@tau/core";
import type { EffectFinished, JsonObject, ToolResultPart } from "@tau/core";
import type { EffectState } from "@tau/session";
import type { ReadyCall, ToolContext, ToolRun } from "@tau/tools";

import { labelResult, taintOf } from "./flow-step.ts";
import { errorResult } from "./plan-step.ts";
import { runAfterTool } from "./run-hooks.ts";
import { publishDelta, runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

/** An effect with its validated call. */
export interface ReadyEffect {
  readonly effect: EffectState;
  readonly prepared: ReadyCall;
}

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

/** Whether an effect leaves the world as it is. */
export function isPure({ prepared }: ReadyEffect): boolean {
  return prepared.tool.sideEffect === "pure";
}

/** Tells whether a run that aborts for this reason is to be taken up again later. */
export function leavesUnfinished(reason: unknown): boolean {
  return isTauError(reason) && (reason.code === "engine.stopped" || reason.code === "engine.lease_lost");
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

function runEffect(scope: RunScope, ready: ReadyEffect): Promise<null> {
  return scope.engine.step(`effect:${ready.effect.effectId}`, () => perform(scope, ready));
}

async function perform(scope: RunScope, { effect, prepared }: ReadyEffect): Promise<null> {
  const startedAt = scope.clock.now();
  try {
    const ran = await scope.tools.run(prepared, toolContext(scope, effect));
    reportFailure(scope, ran.error, effect.call.name);
    const hooked = (scope.agent.hooks ?? []).length > 0;
    const hook = hooked ? await runAfterTool(scope, effect.call.name, ran.result) : ran.result;
    const result = labelResult(scope, prepared, ran.result, hook);
    const outcome = result.isError ? "failed" : "completed";
    recordEnd(scope, effect, {
      outcome,
      result,
      details: detailsOf(ran),
      startedAt,
      ...taintOf(scope, prepared),
    });
  } catch (error) {
    // A shutdown leaves the effect open: whoever takes the run up decides by its class.
    if (!scope.call.signal.aborted || leavesUnfinished(scope.call.signal.reason)) throw error;
    const result = errorResult(effect.call, "Cancelled before it ended; it may have had effects.");
    recordEnd(scope, effect, {
      outcome: "cancelled",
      result,
      details: {},
      startedAt,
      ...taintOf(scope, prepared),
    });
    throw error;
  }
  scope.log.sendSoon();
  return null;
}

function detailsOf({ details, artifacts, replayed }: ToolRun): JsonObject {
  const more = replayed === undefined ? details : { ...details, replayed };
  if (artifacts.length === 0) return more;
  return {
    ...more,
    artifacts: artifacts.map(({ id, name, mediaType, size }) => ({ id, name, mediaType, size })),
  };
}

function toolContext(scope: RunScope, { effectId, call }: EffectState): ToolContext {
  const shown = runOf(scope).answer?.label;
  return {
    call: scope.call,
    signal: scope.call.signal,
    environment: scope.environment,
    artifacts: scope.artifacts,
    files: scope.log.files,
    idempotencyKey: idempotencyKey(scope, effectId),
    ...(shown === undefined ? {} : { shown }),
    progress: (text) => publishDelta(scope, { type: "tool_progress", effectId, tool: call.name, text }),
  };
}

/**
 * The same whenever the effect is run again, and different for every other effect of every tenant: callers choose
 * the ids of runs, so only the session makes them unique.
 */
function idempotencyKey({ call: { tenant }, log }: RunScope, effectId: string): string {
  return `${tenant}/${log.state.sessionId}/${effectId}`;
}

interface EffectEnd {
  readonly outcome: "completed" | "failed" | "cancelled";
  readonly result: ToolResultPart;
  readonly details: JsonObject;
  readonly startedAt: number;
  readonly tainted?: EffectFinished["tainted"];
}

function recordEnd(scope: RunScope, { effectId, call }: EffectState, end: EffectEnd): void {
  const { outcome, result, details, startedAt, tainted } = end;
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
    ...(tainted === undefined ? {} : { tainted }),
  });
}

function reportFailure(scope: RunScope, error: unknown, tool: string): void {
  if (error === undefined || isTauError(error)) return;
  const { tenant, traceId } = scope.call;
  scope.observer({ name: "tool.failed", level: 17, tenant, traceId, attributes: { tool }, error });
}
