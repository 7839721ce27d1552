import { isTauError, mayRunAgain } from "@tau/core";
import type {
  EffectFinished,
  JsonObject,
  Label,
  RunLimits,
  SideEffectClass,
  Spent,
  ToolResultPart,
} from "@tau/core";
import { isPlain } from "@tau/session";
import { errorResult } from "@tau/tools";
import type { ToolCaller, ToolContext, ToolRun } from "@tau/tools";
import { labelContent } from "@tau/tools/flow";

import { askedUnder, labelResult, taintOf } from "./flow-step.ts";
import { carryOut, heldSideEffect } from "./carry-out.ts";
import { createHolder } from "./held-values.ts";
import type { Holder, HeldValues } from "./held-values.ts";
import { holdResult } from "./hold-result.ts";
import { runAfterTool } from "./run-hooks.ts";
import type { ReadyEffect } from "./ready-effect.ts";
import { publishDelta, runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";

/** What an effect runs with beside the scope. */
export interface PerformOptions {
  /** Aborts when the effect is to end; the run's, or that of the tool that made the call. */
  readonly signal: AbortSignal;
  readonly callTool?: ToolCaller;
  /** Asks a person on behalf of the tool. */
  readonly ask?: ToolContext["ask"];
  /** What the tool was told by others that it called: its result is trusted no further. */
  readonly gathered?: () => Label;
}

/** Whether an effect leaves the world as it is. */
export function isPure({ prepared }: ReadyEffect): boolean {
  return prepared.tool.sideEffect === "pure";
}

/** Tells whether a run that aborts for this reason is to be taken up again later. */
export function leavesUnfinished(reason: unknown): boolean {
  return isTauError(reason) && (reason.code === "engine.stopped" || reason.code === "engine.lease_lost");
}

/** Records that an effect is about to happen. */
export function recordStart(scope: RunScope, { effect, prepared }: ReadyEffect): void {
  const { runId, environment } = scope;
  scope.log.record({
    type: "effect_started",
    runId,
    effectId: effect.effectId,
    callId: effect.call.id,
    tool: prepared.tool.name,
    sideEffect: heldSideEffect(scope, effect) ?? sideEffectOf(prepared),
    idempotencyKey: idempotencyKey(scope, effect.effectId),
    environment: `${environment.info.kind}:${environment.info.profileHash}`,
  });
}

/** What it would mean to run this very call twice. */
function sideEffectOf({ tool, input }: ReadyEffect["prepared"]): SideEffectClass {
  const { sideEffect } = tool;
  return !mayRunAgain(sideEffect) && tool.runsAgain?.(input) === true ? "idempotent" : sideEffect;
}

/** Runs an effect that was recorded as started, and records its end; answers its result. Throws `signal.reason`. */
export async function perform(
  scope: RunScope,
  ready: ReadyEffect,
  options: PerformOptions,
): Promise<ToolResultPart> {
  const startedAt = scope.clock.now();
  const { effect, prepared } = ready;
  const holder = createHolder(() => scope.log.nextHandle());
  try {
    const beforehand = prepareTaints(scope, ready);
    if (beforehand !== undefined) await beforehand;
    const ran = await (carryOut(scope, effect, prepared) ??
      scope.tools.run(prepared, toolContext(scope, ready, { ...options, holder })));
    const { name } = prepared.tool;
    reportFailure(scope, ran.error, name);
    const hooked = (scope.agent.hooks ?? []).length > 0;
    const said = hooked ? await runAfterTool(scope, name, ran.result) : ran.result;
    const end = endOfRun(scope, ready, { ran, said, holder, startedAt, gathered: options.gathered });
    if (end.tainted !== undefined) await settleTaints(scope, ready, end.tainted);
    recordEnd(scope, ready, end);
    scope.log.sendSoon();
    return end.result;
  } catch (error) {
    // A shutdown leaves the effect open: whoever takes the run up decides by its class.
    if (!options.signal.aborted || leavesUnfinished(options.signal.reason)) throw error;
    const result = errorResult(effect.call, "Cancelled before it ended; it may have had effects.");
    const tainted = taintOf(scope, ready);
    recordEnd(scope, ready, { outcome: "cancelled", result, details: {}, startedAt, ...tainted });
    throw error;
  }
}

interface Performed {
  readonly ran: ToolRun;
  /** The result after hooks. */
  readonly said: ToolResultPart;
  readonly holder: Holder;
  readonly startedAt: number;
  readonly gathered: PerformOptions["gathered"];
}

/** What is recorded of a tool that ran. */
function endOfRun(
  scope: RunScope,
  ready: ReadyEffect,
  { ran, said, holder, startedAt, gathered }: Performed,
): EffectEnd {
  const labelled = trustedAs(labelResult(scope, ready, { ran: ran.result, shown: said }), gathered?.());
  const result = holdResult(scope, ready, labelled, holder);
  return {
    outcome: result.isError ? "failed" : "completed",
    result,
    details: detailsOf(ran),
    startedAt,
    values: holder.held,
    ...taintOf(scope, ready),
    ...(ran.keep === undefined ? {} : { kept: ran.keep }),
    ...(ran.spent === undefined ? {} : { spent: ran.spent }),
  };
}

function trustedAs(result: ToolResultPart, label: Label | undefined): ToolResultPart {
  if (label === undefined || isPlain(label)) return result;
  return { ...result, content: labelContent(result.content, label) };
}

function detailsOf({ details, artifacts, replayed }: ToolRun): JsonObject {
  const more = replayed === undefined ? details : { ...details, replayed };
  if (artifacts.length === 0) return more;
  return {
    ...more,
    artifacts: artifacts.map(({ id, name, mediaType, size }) => ({ id, name, mediaType, size })),
  };
}

/** Finds out how far to trust what the call reads, and marks what it may write; undefined, at once, for most calls. */
function prepareTaints(scope: RunScope, ready: ReadyEffect): Promise<void> | undefined {
  const { taints, call } = scope;
  return taints?.look(ready.prepared, call.signal)?.then(async () => {
    const { tainted } = taintOf(scope, ready);
    if (tainted !== undefined) await taints.mark(ready, tainted, call.signal);
  });
}

async function settleTaints(
  { taints, call, closers }: RunScope,
  ready: ReadyEffect,
  tainted: NonNullable<EffectFinished["tainted"]>,
): Promise<void> {
  // A job may be running, and write when the call is long over.
  await taints?.settle(ready, tainted, { goesOn: closers.size > 0, signal: call.signal });
}

/** What a tool gets for one effect. */
export function toolContext(
  scope: RunScope,
  { effect: { effectId }, prepared }: ReadyEffect,
  { signal, callTool, ask, holder }: PerformOptions & { readonly holder: Holder },
): ToolContext {
  const shown = askedUnder(scope);
  const takes = scope.agent.model.capabilities?.input;
  return {
    call: scope.call,
    signal,
    environment: scope.environment,
    artifacts: scope.artifacts,
    files: scope.log.files,
    hold: holder.hold,
    held: (handle) => scope.log.state.values[handle] ?? holder.held[handle],
    kept: scope.log.state.kept,
    idempotencyKey: idempotencyKey(scope, effectId),
    atRunEnd: (close) => void scope.closers.add(close),
    left: () => limitsLeft(scope),
    progress: (text) =>
      publishDelta(scope, { type: "tool_progress", effectId, tool: prepared.tool.name, text }),
    ...(isPlain(shown) ? {} : { shown }),
    ...(takes === undefined ? {} : { takes }),
    ...(callTool === undefined ? {} : { callTool }),
    ...(ask === undefined ? {} : { ask }),
  };
}

/** What a run below this one may use at most. */
function limitsLeft(scope: RunScope): RunLimits {
  const { maxTokens, maxCostMicroUsd } = scope.limits;
  const { usage, costMicroUsd } = runOf(scope);
  const used = usage.inputTokens + usage.outputTokens;
  return {
    ...(maxTokens === undefined ? {} : { maxTokens: Math.max(0, maxTokens - used) }),
    ...(maxCostMicroUsd === undefined
      ? {}
      : { maxCostMicroUsd: Math.max(0, maxCostMicroUsd - costMicroUsd) }),
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
  readonly values?: HeldValues;
  readonly kept?: JsonObject;
  readonly spent?: Spent;
}

function recordEnd(scope: RunScope, { effect, prepared }: ReadyEffect, end: EffectEnd): void {
  const { effectId, call } = effect;
  const { outcome, result, details, startedAt, tainted, values = {}, kept, spent } = end;
  scope.log.record({
    type: "effect_finished",
    runId: scope.runId,
    effectId,
    callId: call.id,
    tool: prepared.tool.name,
    outcome,
    result,
    durationMs: scope.clock.now() - startedAt,
    ...(Object.keys(details).length === 0 ? {} : { details }),
    ...(tainted === undefined ? {} : { tainted }),
    ...(Object.keys(values).length === 0 ? {} : { values }),
    ...(kept === undefined ? {} : { kept }),
    ...(spent === undefined ? {} : { spent }),
  });
}

function reportFailure(scope: RunScope, error: unknown, tool: string): void {
  if (error === undefined || isTauError(error)) return;
  const { tenant, traceId } = scope.call;
  scope.observer({ name: "tool.failed", level: 17, tenant, traceId, attributes: { tool }, error });
}
