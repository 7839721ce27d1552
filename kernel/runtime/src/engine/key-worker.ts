import { isTauError, toErrorInfo } from "@tau/core";
import type { Json, ObserverLevel } from "@tau/core";

import type { Clock } from "../clock.ts";
import type { Program, Submission } from "../engine.ts";
import type { Journal } from "../journal.ts";
import type { Leases } from "../lease.ts";
import {
  engineCancelled,
  engineLeaseLost,
  engineRunEnded,
  engineStopped,
  fromErrorInfo,
  hasCode,
  isJournalTrouble,
  runNotFound,
} from "./engine-errors.ts";
import { idleType } from "./engine-event.ts";
import type { EngineEvent, RunOutcome } from "./engine-event.ts";
import { KeyHold } from "./key-hold.ts";
import { KeyLog } from "./key-log.ts";
import type { Decide } from "./key-log.ts";
import type { KeyState, OpenRun } from "./key-state.ts";
import { KeyWatch } from "./key-watch.ts";
import { ResultWaiters } from "./result-waiters.ts";
import { attemptRun } from "./run-attempt.ts";
import { RunContext } from "./run-context.ts";
import type { RunHost } from "./run-context.ts";

const maxAttempts = 5;
const firstPauseMs = 100;

/** A key of a tenant. */
export interface KeyRef {
  readonly tenant: string;
  readonly key: string;
}

/** What a worker needs of the engine around it. */
export interface WorkerHost {
  readonly journal: Journal;
  readonly leases: Leases;
  readonly clock: Clock;
  /** Aborts when the engine shuts down. */
  readonly stopping: AbortSignal;
  /** Whether the engine was started and is not shutting down. */
  isRunning(): boolean;
  program(name: string): Program | undefined;
  call(program: string, submission: Submission, signal: AbortSignal): Promise<Json>;
  /** The key has, or may have, runs that this process cannot make now. */
  tryLater(ref: KeyRef): void;
  /** The key's next run needs a program that is not registered. */
  blocked(ref: KeyRef, program: string): void;
  /** The worker has nothing to do and may be forgotten. */
  quiet(worker: KeyWorker): void;
  observe(
    name: string,
    level: ObserverLevel,
    ref: KeyRef & { readonly runId?: string; readonly program?: string },
    error?: unknown,
  ): void;
}

/**
 * Makes the runs of one key, one after the other, and passes on what concerns them.
 *
 * Invariants, cited by the tests:
 * - K1. Runs are made only while the key's lease is held and the state is known to be the stream's.
 * - K2. No wake-up is lost. Whoever submits tries for the lease afterwards. If that fails, the holder either
 *   has not written its last event, and then its append conflicts and it reads the submission; or it has,
 *   and then it looks at the stream once more after it gave the lease back.
 * - K3. What is asked of a worker takes effect in the order of the calls.
 */
export class KeyWorker {
  readonly ref: KeyRef;
  readonly log: KeyLog;
  readonly #host: WorkerHost;
  readonly #hold: KeyHold;
  readonly #watch: KeyWatch;
  readonly #waiters = new ResultWaiters();
  readonly #runHost: RunHost;
  #active: RunContext | undefined;
  #operations = 0;
  #driving = false;
  #again = false;

  constructor(host: WorkerHost, ref: KeyRef, known: KeyState | undefined) {
    const id = { tenant: ref.tenant, stream: `engine/${ref.key}` };
    this.ref = ref;
    this.#host = host;
    this.log = new KeyLog(host, id, known, (event) => this.#heard(event));
    this.#hold = new KeyHold(host.leases, id, () => this.#active?.abort(engineLeaseLost()));
    this.#runHost = {
      ...ref,
      clock: host.clock,
      append: (runId, decide) => this.#appendAsHolder(runId, decide),
      call: (program, submission, signal) => host.call(program, submission, signal),
    };
    this.#watch = new KeyWatch({
      clock: host.clock,
      follow: (signal) => this.log.follow(signal),
      failed: (error, isOver) => {
        host.observe("engine.follow_failed", 13, ref, error);
        if (isOver) this.#giveUpWaiting(error);
      },
    });
  }

  /** Hands in a run; one that was handed in before changes nothing. */
  submit(program: string, { runId, input }: Submission): Promise<void> {
    return this.#operate(async () => {
      // Claimed before the append: an append that succeeds then proves that the state is the stream's.
      const isHeld = await this.#claim();
      const { term } = this.#hold;
      const written = await this.log.append((state) =>
        state.has(runId) ? undefined : { type: "run_submitted", runId, program, input },
      );
      if (isHeld && written) this.#hold.confirm(term);
    });
  }

  signal(runId: string, name: string, payload: Json): Promise<void> {
    return this.#tell(runId, (run) =>
      run.signals.has(name) || run.expired.has(name)
        ? undefined
        : { type: "run_signalled", runId, name, payload: payload ?? null },
    );
  }

  cancel(runId: string, reason: string): Promise<void> {
    return this.#tell(runId, (run) =>
      run.cancelled === undefined ? { type: "run_cancelled", runId, reason } : undefined,
    );
  }

  /** What the run's program returned or threw. */
  async result(runId: string, signal: AbortSignal): Promise<Json> {
    signal.throwIfAborted();
    const { waiting } = await this.#operate(async () => {
      await this.#know(runId);
      const ended = await this.log.outcomeOf(runId);
      if (ended !== undefined) return { waiting: ended };
      this.#host.stopping.throwIfAborted();
      return { waiting: this.#waiters.wait(runId, signal, () => this.#settle()) };
    });
    const outcome = await waiting;
    if (outcome.ok) return outcome.result;
    throw fromErrorInfo(outcome.error);
  }

  /** Makes the key's unfinished runs, unless another process holds the key. */
  async takeUp(): Promise<void> {
    try {
      await this.#operate(async () => {
        if (!(await this.#hold.acquire())) {
          this.#host.tryLater(this.ref);
        } else if (!this.#hold.isCurrent) {
          await this.#bringUpToDate();
        }
      });
    } catch (error) {
      this.#host.observe("engine.key_failed", 17, this.ref, error);
      this.#host.tryLater(this.ref);
    }
  }

  /** Asks the program that is running to stop; nobody waits for results any more. */
  stop(): void {
    this.#active?.abort(engineStopped());
    this.#giveUpWaiting(engineStopped());
  }

  async #operate<T>(act: () => Promise<T>): Promise<T> {
    this.#operations++;
    try {
      return await this.log.inOrder(act);
    } finally {
      this.#operations--;
      this.#kick();
    }
  }

  /** Writes something about a run that has not ended; for one that has, it comes too late and is dropped. */
  #tell(runId: string, decide: (run: OpenRun) => EngineEvent | undefined): Promise<void> {
    return this.#operate(async () => {
      await this.#know(runId);
      await this.log.append((state) => {
        const run = state.open.get(runId);
        return run === undefined ? undefined : decide(run);
      });
    });
  }

  async #know(runId: string): Promise<void> {
    await this.log.load();
    if (!this.log.state.has(runId)) await this.log.catchUp();
    if (!this.log.state.has(runId)) throw runNotFound({ ...this.ref, runId });
  }

  async #claim(): Promise<boolean> {
    if (!this.#host.isRunning()) return false;
    try {
      return await this.#hold.acquire();
    } catch (error) {
      this.#host.observe("engine.lease_failed", 13, this.ref, error);
      return false;
    }
  }

  async #bringUpToDate(): Promise<void> {
    const { term } = this.#hold;
    await this.log.catchUp();
    this.#hold.confirm(term);
  }

  #heard(event: EngineEvent): void {
    const active = this.#active?.runId === event.runId ? this.#active : undefined;
    switch (event.type) {
      case "run_cancelled":
        active?.abort(engineCancelled(event.reason));
        break;
      case "run_signalled":
      case "wait_expired":
        active?.notify(event.name);
        break;
      case "run_ended":
      case "run_ended_idle":
        // Its end is written after its program settled: if it is still running here, somebody else has it.
        active?.abort(engineLeaseLost());
        this.#waiters.settle(event.runId, event.outcome);
        this.#settle();
        break;
      default:
    }
  }

  #kick(): void {
    if (this.#driving) {
      this.#again = true;
      return;
    }
    const hasWork = this.#host.isRunning() && this.log.state.open.size > 0;
    if (!this.#hold.held && !hasWork) {
      this.#settle();
      return;
    }
    this.#driving = true;
    this.#again = false;
    this.#settle();
    this.#drive()
      .catch((error: unknown) => this.#driveFailed(error))
      .then(
        () => {
          this.#driving = false;
          if (this.#again) this.#kick();
          else this.#settle();
        },
        // Never: both above catch what they call.
        () => undefined,
      );
  }

  async #driveFailed(error: unknown): Promise<void> {
    this.#host.observe("engine.key_failed", 17, this.ref, error);
    this.#host.tryLater(this.ref);
    await this.#release();
  }

  /** Makes runs until there are none, or none that this process can make; then gives the key back. */
  async #drive(): Promise<void> {
    const { stopping } = this.#host;
    while (!stopping.aborted) {
      if (!(await this.#hold.acquire())) {
        this.#host.tryLater(this.ref);
        return;
      }
      if (!this.#hold.isCurrent) await this.log.inOrder(() => this.#bringUpToDate());
      const isIdle = await this.#runAll();
      if (stopping.aborted) break;
      // Whoever is at it wants the lease, and comes here again.
      if (isIdle && this.#operations > 0) return;
      if (isIdle) await this.log.checkpoint();
      await this.#release();
      if (!isIdle || !(await this.log.isBehind())) return;
      await this.log.inOrder(() => this.log.catchUp());
      if (this.log.state.open.size === 0) return;
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    try {
      await this.#hold.release();
    } catch (error) {
      this.#host.observe("engine.lease_failed", 13, this.ref, error);
    }
  }

  /** Answers whether no run is left. */
  async #runAll(): Promise<boolean> {
    while (!this.#host.stopping.aborted) {
      const [run] = this.log.state.open.values();
      if (run === undefined) return true;
      const program = this.#host.program(run.program);
      if (program === undefined) {
        this.#host.observe("engine.program_missing", 13, {
          ...this.ref,
          runId: run.runId,
          program: run.program,
        });
        this.#host.blocked(this.ref, run.program);
        return false;
      }
      if (this.#hold.lost || !(await this.#make(run, program))) {
        if (this.#hold.lost) this.#host.observe("engine.lease_lost", 13, { ...this.ref, runId: run.runId });
        this.#host.tryLater(this.ref);
        return false;
      }
    }
    return false;
  }

  /** Makes one run; answers whether its end was written. */
  async #make(run: OpenRun, program: Program): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const context = new RunContext(this.#runHost, run);
      this.#active = context;
      const came = await attemptRun(context, program, run.input);
      this.#active = undefined;
      context.close();
      if (came.kind === "unfinished") return false;
      if (came.kind === "ended") {
        if (came.bug !== undefined) this.#failed(run, came.bug);
        return await this.#end(run, came.outcome);
      }
      this.#host.observe("engine.journal_trouble", 13, { ...this.ref, runId: run.runId }, came.error);
      if (attempt < maxAttempts) {
        if (!(await this.#pause(attempt))) return false;
      } else {
        // Who loses against others that often has a bug, and would hold up its key for ever.
        const outcome: RunOutcome = { ok: false, error: toErrorInfo(came.error) };
        return hasCode(came.error, "journal.conflict") && (await this.#end(run, outcome));
      }
    }
  }

  /** Writes how a run ended, trying for a while; otherwise the run is made again later. */
  async #end(run: OpenRun, outcome: RunOutcome): Promise<boolean> {
    const { runId } = run;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#appendAsHolder(runId, ({ open }) => ({
          type: open.size === 1 ? idleType : "run_ended",
          runId,
          outcome,
        }));
      } catch (error) {
        if (outcome.ok && !isTauError(error)) {
          // The result is not JSON.
          this.#failed(run, error);
          return await this.#end(run, { ok: false, error: toErrorInfo(error) });
        }
        this.#host.observe("engine.journal_trouble", 13, { ...this.ref, runId }, error);
        if (!isJournalTrouble(error) || attempt >= maxAttempts || !(await this.#pause(attempt))) return false;
      }
    }
  }

  #appendAsHolder(runId: string, decide: Decide): Promise<boolean> {
    return this.log.inOrder(() =>
      this.log.append((state) => {
        if (!this.#hold.held || this.#hold.lost) throw engineLeaseLost();
        if (!state.open.has(runId)) throw engineRunEnded();
        return decide(state);
      }),
    );
  }

  #failed(run: OpenRun, error: unknown): void {
    this.#host.observe(
      "engine.run_failed",
      17,
      { ...this.ref, runId: run.runId, program: run.program },
      error,
    );
  }

  /** Answers whether to go on: not when the engine stops meanwhile. */
  async #pause(attempt: number): Promise<boolean> {
    const { clock, stopping } = this.#host;
    try {
      await clock.sleep(firstPauseMs * 2 ** (attempt - 1), stopping);
    } catch {
      return false;
    }
    return !this.#hold.lost;
  }

  #giveUpWaiting(error: unknown): void {
    this.#waiters.fail(error);
    this.#settle();
  }

  /** Follows the stream as long as somebody may want to know, and leaves when nobody does. */
  #settle(): void {
    const isWanted = this.#driving || this.#waiters.size > 0;
    this.#watch.set(isWanted);
    if (!isWanted && this.#operations === 0 && !this.#hold.held) this.#host.quiet(this);
  }
}
