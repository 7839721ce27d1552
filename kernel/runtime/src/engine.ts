import type { Json } from "@tau/core";

import type { StreamAppend } from "./journal.ts";

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
  /**
   * Adds to a stream of the program's own, in the journal of the engine's runtime; answers the new version. What a
   * program that {@link ProgramOptions.beginsEarly} adds first is written in one with the run's submission, or not at all.
   */
  append(append: StreamAppend): Promise<number>;
  /**
   * Adds to a stream what the program says last: it is written when the program returns, where the engine can in one
   * with the run's end. Nothing is written, and this rejects, when the program throws. Once in a run.
   */
  appendLast(append: StreamAppend): Promise<number>;
  /**
   * Whether what this process remembers of the key's runs before this one is all there is: nobody else made one since.
   * Then nothing needs to be read, because the first {@link append} fails if that was wrong.
   */
  readonly continues: boolean;
}

/** A durable program: its world is reached only through the context. */
export type Program = (context: EngineContext, input: Json) => Promise<Json>;

/** How a program wants to be run. */
export interface ProgramOptions {
  /**
   * The program may begin before its submission is durable, and may be aborted if it never becomes so. Steps, timers,
   * waits and calls wait for that by themselves; anything else it does before them leaves no trace. Default false.
   */
  readonly beginsEarly?: boolean;
}

/** A run to be made. */
export interface Submission {
  readonly tenant: string;
  /** Runs of one key happen one at a time, in the order of submission. */
  readonly key: string;
  /** Chosen by the caller; submitting it again changes nothing. */
  readonly runId: string;
  readonly input: Json;
  /** The caller knows that the key had no run before: that saves looking, and costs a little when it is wrong. */
  readonly isFirst?: boolean;
  /** The caller made the id for this submission, so that nobody handed it in before: that saves looking for it. */
  readonly isNewId?: boolean;
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
  register(name: string, program: Program, options?: ProgramOptions): void;
  /** Takes up unfinished runs. */
  start(): Promise<void>;
  /** Answers whether the run is new: submitting it again changes nothing. */
  submit(program: string, submission: Submission): Promise<boolean>;
  signal(run: RunRef, name: string, payload: Json): Promise<void>;
  cancel(run: RunRef, reason: string): Promise<void>;
  result(run: RunRef, signal: AbortSignal): Promise<Json>;
  /** Whether somebody that lives makes the unfinished runs of a key, or will; false, too, when it has none. */
  isHeld(key: Pick<RunRef, "tenant" | "key">): Promise<boolean>;
}
