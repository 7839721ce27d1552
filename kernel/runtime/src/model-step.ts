import { costOf, isTauError } from "@tau/core";
import type { MicroUsd, ModelCallFinished, ModelFinished, Price, Usage } from "@tau/core";
import type { ModelRequest } from "@tau/agent";
import { contextBlock, fenceKeyOf, isPlain } from "@tau/session";

import { readAnswer } from "./model-answer.ts";
import type { AnswerTaker } from "./model-answer.ts";
import { shownTo } from "./shown-context.ts";
import { runOf } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { trimHistory } from "./trim-history.ts";
import { withUniqueCallIds } from "./unique-call-ids.ts";

/**
 * Asks the model for the next step; its answer is in the log when this settles, but not yet committed. Answers the
 * number of the event that has it.
 */
export function callModel(scope: RunScope): Promise<number> {
  return readAnswer(scope, new Step(scope));
}

/** A class, because a run spends its life here: functions that wait for the answer would hold four times as much. */
class Step implements AnswerTaker<number> {
  readonly #scope: RunScope;
  readonly #startedAt: number;
  #isRepeated = false;

  constructor(scope: RunScope) {
    this.#scope = scope;
    this.#startedAt = scope.clock.now();
  }

  request(): ModelRequest {
    return requestOf(this.#scope);
  }

  take(finished: ModelFinished): number {
    return recordAnswer(this.#scope, finished, this.#startedAt);
  }

  asksAgain(error: unknown): boolean {
    if (this.#isRepeated || !isShorterNow(this.#scope, error)) return false;
    this.#isRepeated = true;
    return true;
  }
}

function recordAnswer(scope: RunScope, finished: ModelFinished, startedAt: number): number {
  const { agent, log, clock } = scope;
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
