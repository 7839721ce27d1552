import { performance } from "node:perf_hooks";

import { noCompatibleCandidate } from "@tau/agent";
import type { Model } from "@tau/agent";
import { isTauError } from "@tau/core";
import type { TauError } from "@tau/core";

import type { Handler, ModelStream } from "../layer.ts";
import type { PipelineCall } from "../pipeline-call.ts";
import type { Candidate, RoutingPolicy } from "./candidate.ts";
import { skipped } from "./plan-candidates.ts";
import { poolOf } from "./quota-pools.ts";
import type { Pool, QuotaPools } from "./quota-pools.ts";

/** What the turns of every call share. */
export interface TurnOptions {
  readonly policy: RoutingPolicy;
  readonly pools: QuotaPools;
  readonly movesOn: (error: TauError) => boolean;
  readonly now: () => number;
  readonly candidateOf: (model: Model) => Candidate;
}

/** The candidates of one call, asked one after the other until one of them speaks. */
export class CandidateTurns {
  readonly #options: TurnOptions;
  readonly #next: Handler;
  readonly #call: PipelineCall;
  #turn = 0;
  #asked: { readonly candidate: Candidate; readonly startedMs: number } | undefined;
  #failure: TauError | undefined;
  /** Pools that were used up meanwhile. */
  #usedUp: Set<Pool> | undefined;

  constructor(next: Handler, call: PipelineCall, options: TurnOptions) {
    this.#next = next;
    this.#call = call;
    this.#options = options;
  }

  /** @throws TauError the first failure of those that were really asked, or `model.no_compatible_candidate` */
  ask(): ModelStream {
    const { candidates, record } = this.#call;
    while (this.#turn < candidates.length) {
      const model = candidates[this.#turn++];
      if (model === undefined) continue;
      const candidate = this.#options.candidateOf(model);
      if (this.#usedUp?.has(poolOf(candidate)) !== true) return this.#askOne(candidate);
      record.skipped.push(skipped(model, ["its quota was just used up by another model of its pool"]));
    }
    this.#asked = undefined;
    throw this.#failure ?? noCompatibleCandidate(record.skipped);
  }

  /** Asks the next one, if it may do better. */
  askAfter(error: unknown): ModelStream {
    if (this.#asked === undefined) throw error;
    const { policy, pools, movesOn, now } = this.#options;
    const { context, record } = this.#call;
    if (context.signal.aborted || !isTauError(error)) throw error;
    const { candidate } = this.#asked;
    policy.learn?.(candidate, { kind: "failed", error });
    pools.noteFailure(candidate, error);
    if (!movesOn(error)) throw error;
    record.skipped.push(skipped(candidate.model, [`${error.code}: ${error.message}`]));
    if (pools.isUsedUp(candidate)) (this.#usedUp ??= new Set()).add(poolOf(candidate));
    // Whoever was not even asked says less than the first that was.
    if (this.#failure === undefined || this.#failure.code === "pipeline.circuit_open") this.#failure = error;
    if (now() >= (context.deadline ?? Infinity)) throw this.#failure;
    return this.ask();
  }

  /** One speaks. */
  begun(): void {
    if (this.#asked === undefined) return;
    const { candidate, startedMs } = this.#asked;
    this.#asked = undefined;
    this.#options.policy.learn?.(candidate, { kind: "began", afterMs: performance.now() - startedMs });
  }

  #askOne(candidate: Candidate): ModelStream {
    const { model } = candidate;
    this.#asked = { candidate, startedMs: performance.now() };
    return this.#next({
      ...this.#call,
      model,
      candidates: [model],
      hasFallback: this.#hasFallback(candidate),
    });
  }

  /** Whether somebody is left whose quota is another one and not used up. */
  #hasFallback(asked: Candidate): boolean {
    const { candidates } = this.#call;
    for (let turn = this.#turn; turn < candidates.length; turn++) {
      const model = candidates[turn];
      if (model === undefined) continue;
      const pool = poolOf(this.#options.candidateOf(model));
      if (pool !== poolOf(asked) && this.#usedUp?.has(pool) !== true) return true;
    }
    return false;
  }
}
