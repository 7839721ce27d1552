import { textOf, TauError } from "@tau/core";
import type { ErrorInfo, TerminalReason } from "@tau/core";
import type { RunState } from "@tau/session";

import { callModel } from "./model-step.ts";
import { runIteration, runStop } from "./run-hooks.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { settleStep } from "./settle-step.ts";
import { trimHistory } from "./trim-history.ts";

/** How a run ended. */
export interface RunEnd {
  readonly status: "completed" | "failed" | "cancelled";
  readonly reason: TerminalReason;
  readonly error?: ErrorInfo;
}

// A stop hook that is never content must not keep a run alive for ever.
const maxStopHookRounds = 3;

/**
 * The closed loop: model, tools, model, … until there is an end. Everything it decides on comes from the
 * log, so a run that was interrupted goes on with the same function: at the first effect without a result.
 *
 * @throws what the model threw, and the abort reason of the run's signal.
 */
export async function runLoop(scope: RunScope): Promise<RunEnd> {
  let stopHookRounds = 0;
  for (;;) {
    scope.call.signal.throwIfAborted();
    const run = runOf(scope);
    if (run.answer !== undefined) {
      if (run.effects.length > 0 && !isCutShort(run) && !stopWanted(scope, run)) await settleStep(scope);
      const end = endAfterStep(scope, run);
      const asked = end === undefined ? iterate(scope, run) : afterAnswer(scope, end, stopHookRounds++);
      const notes = asked instanceof Promise ? await asked : asked;
      if (notes.end !== undefined) return notes.end;
      inject(scope, notes.entries);
    }
    // A turn that was paused goes back as it is: nothing may come between it and its rest.
    if (run.answer?.stopReason !== "pause") {
      const taking = takeInbox(scope);
      if (taking !== undefined) await taking;
      trimHistory(scope);
    }
    const limit = limitReached(scope, run);
    if (limit !== undefined) return limit;
    scope.log.send();
    await scope.engine.step(`model:${run.steps + 1}`, () => callModel(scope));
    // Committed with the decisions on its calls, see settleStep(); the answer so far now comes from the log.
    scope.channel.settle();
  }
}

const noAdvice: Advice = { entries: [] };

interface Advice {
  readonly end?: RunEnd;
  readonly entries: readonly { readonly key: string; readonly content: string }[];
}

/** Whether the answer was cut: its last call may lack arguments, so none of its calls is run. */
function isCutShort({ answer }: RunState): boolean {
  return answer?.stopReason === "length" || answer?.stopReason === "content_filtered";
}

function stopWanted(scope: RunScope, run: RunState): boolean {
  return (scope.agent.stopWhen ?? []).some((condition) => condition(run) !== undefined);
}

function endAfterStep(scope: RunScope, run: RunState): RunEnd | undefined {
  switch (run.answer?.stopReason) {
    case "length":
      return { status: "failed", reason: "length" };
    case "content_filtered":
      return { status: "failed", reason: "content_filtered" };
    case "pause":
      return undefined;
    default:
      if (stopWanted(scope, run)) return { status: "completed", reason: "stop_condition" };
      return run.effects.length === 0 ? { status: "completed", reason: "answered" } : undefined;
  }
}

function iterate(scope: RunScope, run: RunState): Advice | Promise<Advice> {
  if (run.effects.length === 0 || (scope.agent.hooks ?? []).length === 0) return noAdvice;
  return askIterationHooks(scope);
}

async function askIterationHooks(scope: RunScope): Promise<Advice> {
  const { stop, notes } = await runIteration(scope);
  if (stop !== undefined) return { end: { status: "completed", reason: "stopped_by_hook" }, entries: [] };
  return { entries: notes.map(({ hook, note }) => ({ key: `hook:${hook}`, content: note })) };
}

async function afterAnswer(scope: RunScope, end: RunEnd, round: number): Promise<Advice> {
  if (end.reason !== "answered" || round >= maxStopHookRounds) return { end, entries: [] };
  const message = runOf(scope).answer?.message;
  const { notes } = await runStop(scope, message === undefined ? "" : textOf(message));
  if (notes.length === 0) return { end, entries: [] };
  return { entries: notes.map(({ hook, note }) => ({ key: `hook:${hook}`, content: note })) };
}

function inject(scope: RunScope, entries: Advice["entries"]): void {
  if (entries.length === 0) return;
  const { inboxSeq } = scope.log.state;
  scope.log.record({ type: "context_injected", runId: scope.runId, entries, inboxSeq });
}

/** Takes what others handed in since the last step. Usually it is known, without waiting, that there is nothing. */
function takeInbox(scope: RunScope): Promise<void> | undefined {
  const mayHaveNews = scope.inbox.mayHaveNews(scope.log.state.inboxSeq);
  return mayHaveNews === false ? undefined : takeNews(scope, mayHaveNews);
}

async function takeNews(scope: RunScope, mayHaveNews: Promise<boolean> | boolean): Promise<void> {
  if (!(await mayHaveNews)) return;
  const { inboxSeq } = scope.log.state;
  const { entries, seq } = await scope.inbox.contextAfter(inboxSeq, scope.call.signal);
  if (entries.length === 0) return;
  scope.log.record({ type: "context_injected", runId: scope.runId, entries, inboxSeq: seq });
}

function limitReached(scope: RunScope, run: RunState): RunEnd | undefined {
  const { maxSteps, maxTokens, maxCostMicroUsd } = scope.limits;
  const failed = (reason: TerminalReason): RunEnd => ({ status: "failed", reason });
  if (run.steps >= maxSteps) return failed("limit_steps");
  if (maxTokens !== undefined && run.usage.inputTokens + run.usage.outputTokens >= maxTokens)
    return failed("limit_tokens");
  if (maxCostMicroUsd === undefined) return undefined;
  if (scope.agent.model.price === undefined) {
    throw new TauError(
      "run.unknown_price",
      `The run has a cost limit, but the price of model "${scope.agent.model.id}" is unknown: give the model a price, or limit tokens instead.`,
    );
  }
  return run.costMicroUsd >= maxCostMicroUsd ? failed("limit_cost") : undefined;
}
