import { costOf, isTauError, TauError } from "@tau/core";
import type { MicroUsd, ModelCallFinished, ModelEvent, ModelFinished, Price, Usage } from "@tau/core";
import type { ModelRequest } from "@tau/agent";
import { contextBlock, fenceKeyOf, isPlain } from "@tau/session";

import { shownTo } from "./shown-context.ts";
import { joinDeltas } from "./join-deltas.ts";
import { publishDelta, runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { trimHistory } from "./trim-history.ts";
import { withUniqueCallIds } from "./unique-call-ids.ts";
import { untilAborted } from "./until-aborted.ts";

/**
 * Asks the model for the next step; its answer is in the log when this settles, but not yet committed. Answers the
 * number of the event that has it.
 */
export async function callModel(scope: RunScope): Promise<number> {
  const { agent, log, clock } = scope;
  const startedAt = clock.now();
  let finished: ModelFinished;
  try {
    finished = await untilAborted(streamAnswer(scope), scope.call.signal);
  } catch (error) {
    if (!isShorterNow(scope, error)) throw error;
    finished = await untilAborted(streamAnswer(scope), scope.call.signal);
  }
  const { label } = shownTo(scope);
  const cost = finished.costMicroUsd ?? costAt(finished.usage, agent.model.price);
  const event: ModelCallFinished = {
    type: "model_finished",
    runId: scope.runId,
    step: runOf(scope).steps + 1,
    provider: finished.provider ?? agent.model.provider,
    model: finished.model,
    message: withUniqueCallIds(finished.message, (id) => log.history.hasCall(id)),
    usage: finished.usage,
    ...(cost === undefined ? {} : { costMicroUsd: cost }),
    stopReason: finished.stopReason,
    ...(finished.stopDetails === undefined ? {} : { stopDetails: finished.stopDetails }),
    durationMs: clock.now() - startedAt,
    ...(isPlain(label) ? {} : { label }),
  };
  log.record(event);
  return log.state.version;
}

function costAt(usage: Usage, price: Price | undefined): MicroUsd | undefined {
  return price === undefined ? undefined : costOf(usage, price);
}

/** Whether dropping older turns cures the failure: the one cure that loses nothing of this run. */
function isShorterNow(scope: RunScope, error: unknown): boolean {
  // The estimate of tokens was too low.
  return isTauError(error) && error.code === "model.context_too_long" && trimHistory(scope, "too long");
}

async function streamAnswer(scope: RunScope): Promise<ModelFinished> {
  const { signal } = scope.call;
  let finished: ModelFinished | undefined;
  for await (const batch of scope.agent.model.stream(requestOf(scope), scope.call)) {
    // The run may have ended without a model that ignores its signal: nobody is to hear the rest.
    if (signal.aborted) throw signal.reason;
    if (finished !== undefined) throw brokenContract(scope, "went on after its finished event");
    finished = finishedOf(scope, batch);
    for (const delta of joinDeltas(batch)) publishDelta(scope, delta);
  }
  if (finished === undefined) throw brokenContract(scope, "ended a stream without a finished event");
  if (!isCountable(finished.usage)) throw brokenContract(scope, "reported a usage that is not whole numbers");
  return finished;
}

/** A usage that cannot be added up would switch the limits of the run off. */
function isCountable(usage: Usage): boolean {
  return Object.values(usage).every((tokens: unknown) => Number.isSafeInteger(tokens) && Number(tokens) >= 0);
}

function brokenContract(scope: RunScope, what: string): TauError {
  return new TauError("run.model_contract", `The model adapter "${scope.agent.model.provider}" ${what}.`);
}

function finishedOf(scope: RunScope, batch: readonly ModelEvent[]): ModelFinished | undefined {
  const index = batch.findIndex(({ type }) => type === "finished");
  const event = batch[index];
  if (event?.type !== "finished") return undefined;
  if (index < batch.length - 1) throw brokenContract(scope, "went on after its finished event");
  return event;
}

function requestOf(scope: RunScope): ModelRequest {
  const { agent, log, tools } = scope;
  const { bootstrap } = log.state;
  const system = bootstrap.length === 0 ? (agent.instructions ?? "") : systemOf(scope);
  return {
    ...(system === "" ? {} : { system }),
    messages: log.history.messages(),
    tools: tools.definitions(),
    ...agent.generation,
  };
}

/** Instructions and bootstrap context: the stable beginning of the prompt. */
function systemOf({ agent, log }: RunScope): string {
  const fenceKey = fenceKeyOf(log.state);
  const blocks = log.state.bootstrap.map((entry) => contextBlock(entry, fenceKey));
  return [agent.instructions ?? "", ...blocks].filter((part) => part !== "").join("\n\n");
}
