import { offAbort, onAbort, TauError } from "@tau/core";
import type { ModelEvent, ModelFinished, Usage } from "@tau/core";
import type { ModelRequest } from "@tau/agent";

import { joinDeltas } from "./join-deltas.ts";
import { publishDelta } from "./run-scope.ts";
import type { RunScope } from "./run-scope.ts";
import { defaultGraceMs, toError } from "./until-aborted.ts";

/** What is asked, and who takes the answer. What it throws, the caller of {@link readAnswer} gets. */
export interface AnswerTaker<Taken> {
  request(): ModelRequest;
  /** Answers what {@link readAnswer} resolves with. */
  take(finished: ModelFinished): Taken;
  /** Whether to ask once more after a failure. */
  asksAgain(error: unknown): boolean;
}

/**
 * Reads one answer of the model and shows its fragments to whoever listens. Rejects with what the model threw, with
 * `run.model_contract`, and with the reason of the run's signal: a model that ignores the signal is given up after a
 * while, and nobody hears the rest.
 */
export function readAnswer<Taken>(scope: RunScope, taker: AnswerTaker<Taken>): Promise<Taken> {
  return new Promise((resolve) => {
    new AnswerReader(scope, taker, resolve).begin();
  });
}

type Batch = IteratorResult<readonly ModelEvent[], unknown>;

/** Written by hand: a run spends its life here, and async functions around a loop would hold three times as much. */
class AnswerReader<Taken> {
  readonly #scope: RunScope;
  readonly #taker: AnswerTaker<Taken>;
  /** Of a failure it is told by a rejected promise. */
  readonly #resolve: (taken: Taken | Promise<never>) => void;
  #events: AsyncIterator<readonly ModelEvent[]> | undefined;
  #finished: ModelFinished | undefined;
  #giveUp: NodeJS.Timeout | undefined;
  /** Whether the model was given up: whatever becomes of it, nobody is to hear of it. */
  #isGivenUp = false;

  constructor(scope: RunScope, taker: AnswerTaker<Taken>, resolve: (taken: Taken | Promise<never>) => void) {
    this.#scope = scope;
    this.#taker = taker;
    this.#resolve = resolve;
  }

  begin(): void {
    const { agent, call } = this.#scope;
    if (call.signal.aborted) this.aborted();
    else onAbort(call.signal, this);
    try {
      this.#events = agent.model.stream(this.#taker.request(), call)[Symbol.asyncIterator]();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#next();
  }

  /** For the run's signal. */
  aborted(): void {
    const { reason } = this.#scope.call.signal;
    this.#giveUp = setTimeout(() => {
      this.#isGivenUp = true;
      this.#resolve(Promise.reject(toError(reason)));
    }, defaultGraceMs);
  }

  #next(): void {
    try {
      this.#events?.next().then(this.#took, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  // Made once: an answer comes in many pieces.
  readonly #took = (step: Batch): void => {
    try {
      if (step.done === true) this.#end();
      else this.#take(step.value);
    } catch (error) {
      if (step.done === true) this.#failed(error);
      else this.#stop(error);
      return;
    }
    if (step.done !== true) this.#next();
  };

  /** Lets the model go; what it says to that is nobody's business. */
  #stop(error: unknown): void {
    const fail = (): void => this.#failed(error);
    try {
      const leaving = this.#events?.return?.();
      if (leaving === undefined) fail();
      else leaving.then(fail, fail);
    } catch {
      fail();
    }
  }

  readonly #failed = (error: unknown): void => {
    this.#leave();
    if (this.#isGivenUp) return;
    try {
      if (!this.#scope.call.signal.aborted && this.#taker.asksAgain(error)) this.begin();
      else this.#resolve(Promise.reject(error));
    } catch (bug) {
      this.#resolve(Promise.reject(bug));
    }
  };

  #take(batch: readonly ModelEvent[]): void {
    const { signal } = this.#scope.call;
    // The run may have ended without a model that ignores its signal: nobody is to hear the rest.
    if (signal.aborted) throw toError(signal.reason);
    if (this.#finished !== undefined) throw brokenContract(this.#scope, "went on after its finished event");
    this.#finished = finishedOf(this.#scope, batch);
    for (const delta of joinDeltas(batch)) publishDelta(this.#scope, delta);
  }

  #end(): void {
    if (this.#isGivenUp) return;
    const finished = this.#finished;
    if (finished === undefined) throw brokenContract(this.#scope, "ended a stream without a finished event");
    if (!isCountable(finished.usage))
      throw brokenContract(this.#scope, "reported a usage that is not whole numbers");
    this.#leave();
    try {
      this.#resolve(this.#taker.take(finished));
    } catch (error) {
      // The model answered: asking it once more is no cure.
      this.#resolve(Promise.reject(error));
    }
  }

  #leave(): void {
    offAbort(this.#scope.call.signal, this);
    clearTimeout(this.#giveUp);
    // It waited, so it is old by now: what it was filled with must not have to wait for a collection of everything.
    this.#events = undefined;
    this.#finished = undefined;
  }
}

/** A usage that cannot be added up would switch the limits of the run off. */
function isCountable(usage: Usage): boolean {
  return Object.values(usage).every((tokens: unknown) => Number.isSafeInteger(tokens) && Number(tokens) >= 0);
}

function finishedOf(scope: RunScope, batch: readonly ModelEvent[]): ModelFinished | undefined {
  const index = batch.findIndex(({ type }) => type === "finished");
  const event = batch[index];
  if (event?.type !== "finished") return undefined;
  if (index < batch.length - 1) throw brokenContract(scope, "went on after its finished event");
  return event;
}

function brokenContract(scope: RunScope, what: string): TauError {
  return new TauError("run.model_contract", `The model adapter "${scope.agent.model.provider}" ${what}.`);
}
