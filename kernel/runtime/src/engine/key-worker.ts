import type { Json } from "@tau/core";

import type { Submission } from "../engine.ts";
import { engineLeaseLost, engineStopped, fromErrorInfo, runNotFound } from "./engine-errors.ts";
import type { EngineEvent } from "./engine-event.ts";
import { KeyHold } from "./key-hold.ts";
import { KeyLog } from "./key-log.ts";
import type { KeyState, OpenRun } from "./key-state.ts";
import { KeyWatch } from "./key-watch.ts";
import { ResultWaiters } from "./result-waiters.ts";
import { RunMaker } from "./run-maker.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

/** Options of {@link KeyWorker}. */
export interface KeyWorkerOptions {
  readonly ref: KeyRef;
  /** What an earlier worker of this key knew. It may be behind. */
  readonly known: KeyState | undefined;
  /** Called when the worker has nothing to do and may be forgotten. */
  readonly quiet: (worker: KeyWorker) => void;
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
  readonly #maker: RunMaker;
  readonly #quiet: (worker: KeyWorker) => void;
  #operations = 0;
  #driving = false;
  #again = false;

  constructor(host: WorkerHost, { ref, known, quiet }: KeyWorkerOptions) {
    const id = { tenant: ref.tenant, stream: `engine/${ref.key}` };
    this.ref = ref;
    this.#host = host;
    this.#quiet = quiet;
    this.log = new KeyLog(host, id, known, (event) => this.#heard(event));
    this.#hold = new KeyHold(host.leases, id, () => this.#maker.abort(engineLeaseLost()));
    this.#maker = new RunMaker(host, { ref, log: this.log, hold: this.#hold });
    this.#watch = new KeyWatch({
      clock: host.clock,
      follow: (signal) => this.log.follow(signal),
      failed: (error, isOver) => {
        host.observe("engine.follow_failed", 13, ref, error);
        if (isOver) this.#giveUpWaiting(error);
      },
    });
  }

  /** Hands in a run and answers whether it is new; one that was handed in before changes nothing. */
  submit(program: string, { runId, input }: Submission): Promise<boolean> {
    return this.#operate(async () => {
      let isNew = true;
      // Claimed before the append: an append that succeeds then proves that the state is the stream's.
      const isHeld = await this.#claim();
      const { term } = this.#hold;
      const written = await this.log.append((state) => {
        isNew = !state.has(runId);
        return isNew ? { type: "run_submitted", runId, program, input } : undefined;
      });
      if (isHeld && written) this.#hold.confirm(term);
      return isNew;
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
    this.#maker.abort(engineStopped());
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
    this.#maker.heard(event);
    if (!("outcome" in event)) return;
    this.#waiters.settle(event.runId, event.outcome);
    this.#settle();
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
      if (isIdle) await this.log.checkpoint();
      if (stopping.aborted) break;
      // Whoever is at it wants the lease, and comes here again.
      if (isIdle && this.#operations > 0) return;
      // What cannot be done now is done later, not at once because somebody asked meanwhile.
      if (!isIdle) this.#again = false;
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
      if (this.#hold.lost || !(await this.#maker.make(run, program))) {
        if (this.#hold.lost) this.#host.observe("engine.lease_lost", 13, { ...this.ref, runId: run.runId });
        this.#host.tryLater(this.ref);
        return false;
      }
    }
    return false;
  }

  #giveUpWaiting(error: unknown): void {
    this.#waiters.fail(error);
    this.#settle();
  }

  /** Follows the stream as long as somebody may want to know, and leaves when nobody does. */
  #settle(): void {
    const isWanted = this.#driving || this.#waiters.size > 0;
    this.#watch.set(isWanted);
    if (!isWanted && this.#operations === 0 && !this.#hold.held) this.#quiet(this);
  }
}
