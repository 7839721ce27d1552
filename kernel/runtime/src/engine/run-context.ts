import { createAbortSource, FewSet } from "@tau/core";
import type { AbortSource, Json } from "@tau/core";

import type { Clock } from "../clock.ts";
import type { EngineContext, StepContext, Submission } from "../engine.ts";
import type { Journal, StreamAppend } from "../journal.ts";
import type { Beginning } from "./beginning.ts";
import { duplicateStep, engineCancelled, engineRunEnded, hasCode, sameKey } from "./engine-errors.ts";
import type { Decide } from "./key-log.ts";
import type { OpenRun } from "./key-state.ts";
import type { KeyRef } from "./worker-host.ts";

/** What a run needs of the engine around it. */
export interface RunHost {
  readonly ref: KeyRef;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Writes into the stream of the run's key, as long as this process holds the key. */
  append(runId: string, decide: Decide): Promise<unknown>;
  /** Submits another run and answers its result; cancels it when `signal` aborts because of a cancel. */
  call(program: string, submission: Submission, signal: AbortSignal): Promise<Json>;
}

interface Waiter {
  readonly resolve: (payload: Json) => void;
  readonly reject: (error: unknown) => void;
}

/** What a program leaves to be written with the end of its run. */
export interface LastAppend {
  readonly append: StreamAppend;
  resolve(version: number): void;
  reject(error: unknown): void;
}

/** One attempt at a run: the context its program gets, and what reaches it from outside. */
export class RunContext implements EngineContext {
  readonly tenant: string;
  readonly key: string;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** What is to be written with the run's end, if its program said so. */
  last: LastAppend | undefined;
  readonly continues: boolean;
  readonly #host: RunHost;
  #run: OpenRun;
  #beginning: Beginning | undefined;
  readonly #source: AbortSource = createAbortSource();
  /** Names that were used: a set for each kind, because putting a kind before a name makes another long text of it. */
  readonly #steps = new FewSet<string>();
  // Made when they are needed: hardly any run needs them.
  #sleeps: FewSet<string> | undefined;
  #waiters: Map<string, Waiter[]> | undefined;
  #pending = 0;

  /** With a `beginning`, the run begins before its submission is durable. */
  constructor(host: RunHost, run: OpenRun, beginning?: Beginning) {
    this.tenant = host.ref.tenant;
    this.key = host.ref.key;
    this.runId = run.runId;
    this.signal = this.#source.signal;
    this.#host = host;
    this.#run = run;
    this.#beginning = beginning;
    this.continues = beginning !== undefined;
    if (run.cancelled !== undefined) this.abort(engineCancelled(run.cancelled));
  }

  /** Aborts the program's signal and everything it waits for. The first reason counts. */
  abort(reason: Error): void {
    if (this.signal.aborted) return;
    this.#source.abort(reason);
    const waiters = [...(this.#waiters?.values() ?? [])].flat();
    this.#waiters = undefined;
    for (const waiter of waiters) waiter.reject(reason);
  }

  /** Says that the submission is durable; `run` is what the key's state has of it. */
  accepted(run: OpenRun): void {
    this.#run = run;
    this.#beginning = undefined;
  }

  /** Ends what the program left behind: a timer must not outlive its run. */
  close(): void {
    if (this.#pending > 0) this.abort(engineRunEnded());
  }

  /** Lets the waits for `name` look again: the run's signals or expired waits changed. */
  notify(name: string): void {
    const answer = this.#answerOf(name);
    if (answer === undefined) return;
    for (const waiter of this.#waiters?.get(name) ?? []) waiter.resolve(answer.payload);
    this.#waiters?.delete(name);
  }

  step<T extends Json>(name: string, fn: (step: StepContext) => Promise<T>): Promise<T> {
    const make = (): Promise<T> => {
      const { signal } = this;
      // A cancelled run still makes the steps that write its end; one that goes on elsewhere makes none.
      if (signal.aborted && !hasCode(signal.reason, "engine.cancelled")) return Promise.reject(signal.reason);
      return fn({ idempotencyKey: `${this.runId}:${name}`, signal });
    };
    try {
      if (this.#steps.has(name)) throw duplicateStep("step", name);
      this.#steps.add(name);
      return this.#beginning === undefined ? make() : this.#beginning.durable.then(make);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async sleep(name: string, ms: number): Promise<void> {
    this.#sleeps ??= new FewSet();
    if (this.#sleeps.has(name)) throw duplicateStep("sleep", name);
    this.#sleeps.add(name);
    await this.#whilePending(async () => {
      const at = await this.#timer(`sleep:${name}`, ms);
      const left = at - this.#host.clock.now();
      if (left > 0) await this.#host.clock.sleep(left, this.signal);
    });
    this.signal.throwIfAborted();
  }

  async wait(name: string, options: { readonly timeoutMs?: number } = {}): Promise<Json> {
    this.signal.throwIfAborted();
    if (this.#beginning !== undefined) await this.#beginning.durable;
    const known = this.#answerOf(name);
    if (known !== undefined) return known.payload;
    const { timeoutMs } = options;
    return await this.#whilePending(() =>
      timeoutMs === undefined ? this.#arrival(name) : this.#arrivalWithin(name, timeoutMs),
    );
  }

  async call(program: string, submission: Submission): Promise<Json> {
    if (submission.tenant === this.tenant && submission.key === this.key) throw sameKey(this.key);
    if (this.#beginning !== undefined) await this.#beginning.durable;
    return await this.#host.call(program, submission, this.signal);
  }

  append(append: StreamAppend): Promise<number> {
    const beginning = this.#beginning;
    return beginning === undefined
      ? this.#write(append)
      : beginning.append(append, () => this.#write(append));
  }

  appendLast(append: StreamAppend): Promise<number> {
    if (this.last !== undefined) throw new TypeError("A program can append last only once.");
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.last = { append, resolve, reject };
    // Who returns at once need not wait for it.
    promise.catch(() => undefined);
    return promise;
  }

  #write(append: StreamAppend): Promise<number> {
    const { journal } = this.#host;
    const { id, expectedVersion, events, checkpoint } = append;
    if (checkpoint === undefined) return journal.append(id, expectedVersion, events);
    return journal.appendAll([append]).then(([version = 0]) => version);
  }

  async #whilePending<T>(act: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.#pending++;
    try {
      if (this.#beginning !== undefined) await this.#beginning.durable;
      return await act();
    } finally {
      this.#pending--;
    }
  }

  #answerOf(name: string): { readonly payload: Json } | undefined {
    const payload = this.#run.signals?.get(name);
    if (payload !== undefined) return { payload };
    return this.#run.expired?.has(name) === true ? { payload: null } : undefined;
  }

  #arrival(name: string): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.#waiters ??= new Map();
      const waiters = this.#waiters.get(name) ?? [];
      this.#waiters.set(name, waiters);
      waiters.push({ resolve, reject });
    });
  }

  async #arrivalWithin(name: string, timeoutMs: number): Promise<Json> {
    const at = timeoutMs > 0 ? await this.#timer(`wait:${name}`, timeoutMs) : 0;
    // The signal, or the end of the run, may have come while the timer was written.
    this.signal.throwIfAborted();
    const known = this.#answerOf(name);
    if (known !== undefined) return known.payload;
    const arrived = new AbortController();
    const arrival = this.#arrival(name);
    const expiry = this.#expire(name, at, arrived.signal);
    try {
      return await Promise.race([arrival, expiry.then(() => arrival)]);
    } finally {
      arrived.abort();
    }
  }

  /** Writes that the wait ended without its signal; what was written first counts, here and in a replay. */
  async #expire(name: string, at: number, arrived: AbortSignal): Promise<void> {
    const { clock } = this.#host;
    try {
      const left = at - clock.now();
      if (left > 0) await clock.sleep(left, arrived);
      await this.#host.append(this.runId, () => {
        if (arrived.aborted || this.#answerOf(name) !== undefined) return undefined;
        return { type: "wait_expired", runId: this.runId, name };
      });
    } catch (error) {
      if (!arrived.aborted) throw error;
    }
  }

  /** When the timer is due; set once, however often the run is replayed. */
  async #timer(name: string, ms: number): Promise<number> {
    const { clock } = this.#host;
    const at = clock.now() + ms;
    await this.#host.append(this.runId, () =>
      this.#run.timers?.has(name) === true ? undefined : { type: "timer_set", runId: this.runId, name, at },
    );
    return this.#run.timers?.get(name) ?? at;
  }
}
