import type { Json } from "@tau/core";

/** What a step gets. */
export interface StepContext {
  /** `${runId}:${name}`: the same whenever this step is run again. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

/** What a program running on an engine can do. */
export interface EngineContext {
  readonly tenant: string;
  readonly key: string;
  readonly runId: string;
  /** Aborts when the run is cancelled or the engine shuts down; the reason tells which. */
  readonly signal: AbortSignal;
  /**
   * Runs `fn` at least once and answers one result. `name` is unique in the run.
   *
   * An engine may remember the result and answer it instead of running `fn` again after a crash (Restate),
   * or run `fn` again (embedded): `fn` therefore looks for its own traces under the idempotency key first.
   * Results are small (see {@link EngineCapabilities.maxStepBytes}); large ones go to the journal and the result says where.
   */
  step<T extends Json>(name: string, fn: (step: StepContext) => Promise<T>): Promise<T>;
  /** A timer that survives the process. `name` is unique in the run. */
  sleep(name: string, ms: number): Promise<void>;
  /** The payload of the signal `name`, or null after `timeoutMs`. One-shot: the first signal of a name counts. */
  wait(name: string, options?: { readonly timeoutMs?: number }): Promise<Json>;
  /** Runs another program under another key and answers its result. Its own key would deadlock: `engine.same_key`. */
  call(program: string, submission: Submission): Promise<Json>;
}

/** A durable program: its world is reached only through the context. */
export type Program = (context: EngineContext, input: Json) => Promise<Json>;

/** A run to be made. */
export interface Submission {
  readonly tenant: string;
  /** Runs of one key happen one at a time, in the order of submission. */
  readonly key: string;
  /** Chosen by the caller; submitting it again changes nothing. */
  readonly runId: string;
  readonly input: Json;
}

/** Names a run. */
export interface RunRef {
  readonly tenant: string;
  readonly key: string;
  readonly runId: string;
}

/** What an engine can do beyond the contract. */
export interface EngineCapabilities {
  /** Who takes over the runs of a machine that is gone. */
  readonly failover: "none" | "lease" | "native";
  readonly maxStepBytes: number;
}

/**
 * Schedules runs durably, one at a time per key.
 *
 * Contract, checked by `describeEngine()` from `@tau/runtime/testing`:
 * - A submission that resolved is run, also after a crash, once its program is registered and the engine started.
 * - Two runs of one key never overlap; they start in the order of submission.
 * - `signal` may come before the `wait`, after a restart, and from another process.
 * - `cancel` aborts the context's signal; a run that has not begun still begins, with an aborted signal, so that it can write its end.
 * - `result` settles with what the program returned or threw, also for a run that ended before the call.
 */
export interface Engine extends AsyncDisposable {
  readonly capabilities: EngineCapabilities;
  register(name: string, program: Program): void;
  /** Takes up unfinished runs. */
  start(): Promise<void>;
  /** Answers whether the run is new: submitting it again changes nothing. */
  submit(program: string, submission: Submission): Promise<boolean>;
  signal(run: RunRef, name: string, payload: Json): Promise<void>;
  cancel(run: RunRef, reason: string): Promise<void>;
  result(run: RunRef, signal: AbortSignal): Promise<Json>;
}
