import type { Json } from "@tau/core";

import type { Program, Submission } from "../engine.ts";
import { Beginning } from "./beginning.ts";
import { engineLeaseLost, engineStopped, fromErrorInfo, hasCode, runNotFound } from "./engine-errors.ts";
import type { EngineEvent, RunSubmitted } from "./engine-event.ts";
import { KeyLog } from "./key-log.ts";
import type { KeyListener } from "./key-log.ts";
import { isAnswered, toOpenRun } from "./key-state.ts";
import type { KeyState, OpenRun } from "./key-state.ts";
import { KeyWatch } from "./key-watch.ts";
import type { WatchListener } from "./key-watch.ts";
import { ResultWaiters } from "./result-waiters.ts";
import { RunMaker } from "./run-maker.ts";
import type { RunMakerKey } from "./run-maker.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

/** Options of {@link KeyWorker}. */
export interface KeyWorkerOptions {
  readonly ref: KeyRef;
  /** What an earlier worker of this key knew. It may be behind. */
  readonly known: KeyState | undefined;
  /** Called when the worker has nothing to do and may be forgotten. */
  readonly quiet: (worker: KeyWorker) => void;
}

/** Never called: what it would catch was caught. */
const isCaught = (): void => undefined;

/**
 * Makes the runs of one key, one after the other, and passes on what concerns them. Whom it owns it is handed to as it is:
 * every run that is held open would hold their closures.
 *
 * Invariants, cited by the tests:
 * - K1. Runs are made only by the key's holder, while its name is in use, and with a state that was the stream's when
 *   it became the holder. Holders are written into the stream: so of many that want a key, one gets it.
 * - K2. No wake-up is lost. Whoever submits to a key without work holds it from then on. To one with work: its holder
 *   reads the submission before it can write the end of its last run; should the holder be gone, whoever
 *   submitted finds that out.
 * - K3. What is asked of a worker takes effect in the order of the calls.
 */
export class KeyWorker implements KeyListener, RunMakerKey, WatchListener {
  readonly ref: KeyRef;
  readonly log: KeyLog;
  readonly #host: WorkerHost;
  readonly #watch: KeyWatch;
  // Made when it is needed: most runs are followed, not waited for.
  #waiters: ResultWaiters | undefined;
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
    this.log = new KeyLog(host, id, known, this);
    this.#maker = new RunMaker(host, this);
    this.#watch = new KeyWatch(this.log, host.clock, this);
  }

  /** Hands in a run and answers whether it is new; one that was handed in before changes nothing. */
  submit(program: string, { runId, input, isFirst = false, isNewId = false }: Submission): Promise<boolean> {
    return this.#operate(async () => {
      if (!isNewId) await this.log.knowAll();
      const name = await this.#nameFor(program);
      if (name !== undefined && this.#mayBeginEarly(runId, name, isFirst)) {
        if (await this.#submitEarly({ type: "run_submitted", runId, program, input, by: name })) return true;
      }
      let isNew = true;
      await this.log.append((state) => {
        isNew = !state.has(runId);
        if (!isNew) return undefined;
        const by = name === undefined || state.open.size > 0 ? {} : { by: name };
        return { type: "run_submitted", runId, program, input, ...by };
      });
      return isNew;
    });
  }

  /**
   * Lets the run begin while its submission is written, so that what it says first goes into the same commit. Only
   * where nobody else had the key in between, as far as is known; answers false when that was wrong.
   */
  async #submitEarly(submitted: RunSubmitted): Promise<boolean> {
    const { runId, input } = submitted;
    const program = this.#host.program(submitted.program);
    if (program === undefined || !this.#host.beginsEarly(submitted.program)) return false;
    const beginning = new Beginning();
    this.#maker.begin(toOpenRun(runId, submitted.program, input), program, beginning);
    await beginning.spoken();
    try {
      beginning.accept(await this.log.appendOnce(submitted, beginning.take()));
    } catch (error) {
      beginning.refuse(error);
      await this.#maker.refused();
      if (!hasCode(error, "journal.conflict")) throw error;
      return false;
    }
    const run = this.log.state.open.get(runId);
    if (run !== undefined) this.#maker.accepted(run);
    return true;
  }

  #mayBeginEarly(runId: string, name: string, isFirst: boolean): boolean {
    const { state, loaded } = this.log;
    const isNew = state.version === 0 && (loaded || isFirst);
    const isOurs = state.holder === name && state.open.size === 0 && !state.has(runId);
    return (isNew || isOurs) && this.#maker.isFree;
  }

  signal(runId: string, name: string, payload: Json): Promise<void> {
    return this.#tell(runId, (run) =>
      isAnswered(run, name) ? undefined : { type: "run_signalled", runId, name, payload: payload ?? null },
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
      this.#waiters ??= new ResultWaiters();
      return { waiting: this.#waiters.wait(runId, signal, () => this.#settle()) };
    });
    const outcome = await waiting;
    if (outcome.ok) return outcome.result;
    throw fromErrorInfo(outcome.error);
  }

  /** Makes the key's unfinished runs, unless another process does. */
  async takeUp(): Promise<void> {
    try {
      await this.#operate(() => this.log.catchUp());
    } catch (error) {
      this.#host.observe("engine.key_failed", 17, this.ref, error);
      this.#host.tryLater(this.ref);
    }
  }

  /** Stops the program that is running: what was held may be somebody else's. */
  lost(): void {
    this.#maker.abort(engineLeaseLost());
  }

  /** Asks the program that is running to stop; nobody waits for results any more. */
  stop(): void {
    this.#maker.abort(engineStopped());
    this.#giveUpWaiting(engineStopped());
  }

  /** Whether this engine makes the key's runs. */
  get isHeld(): boolean {
    const { holder } = this.log.state;
    return holder !== undefined && holder === this.#host.owners.nameIn(this.ref.tenant);
  }

  /** For its log: passes an event on to those whom it concerns. */
  heard(event: EngineEvent): void {
    this.#maker.heard(event);
    if (!("outcome" in event)) return;
    this.#waiters?.settle(event.runId, event.outcome);
    this.#settle();
  }

  /** For its watch. */
  followFailed(error: unknown, isOver: boolean): void {
    this.#host.observe("engine.follow_failed", 13, this.ref, error);
    if (isOver) this.#giveUpWaiting(error);
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
    if (!this.log.state.has(runId)) await this.log.knowAll();
    if (!this.log.state.has(runId)) throw runNotFound({ ...this.ref, runId });
  }

  /** The name under which this engine would make runs of the program; undefined when it cannot. */
  async #nameFor(program: string): Promise<string | undefined> {
    if (!this.#host.isRunning() || this.#host.program(program) === undefined) return undefined;
    try {
      return await this.#host.owners.claim(this.ref.tenant);
    } catch (error) {
      this.#host.observe("engine.lease_failed", 13, this.ref, error);
      return undefined;
    }
  }

  #kick(): void {
    if (this.#driving) {
      this.#again = true;
      return;
    }
    const hasWork = this.#host.isRunning() && this.log.state.open.size > 0;
    if (!hasWork && this.#maker.isFree) {
      this.#settle();
      return;
    }
    this.#driving = true;
    this.#again = false;
    this.#settle();
    this.#drive().catch(isCaught);
  }

  /** Makes runs until there are none, or none that this process can make. The one function that waits as long as they take. */
  async #drive(): Promise<void> {
    try {
      let isDone = false;
      let goesOn = await this.#hold();
      const isHeld = goesOn;
      if (!isHeld) this.#host.tryLater(this.ref);
      while (goesOn && (!this.#host.stopping.aborted || !this.#maker.isFree)) {
        const run = this.log.state.open.first();
        isDone = run === undefined;
        const program = run && this.#programOf(run);
        if (run === undefined || program === undefined) break;
        goesOn = this.isHeld && (await this.#maker.make(run, program));
        if (!goesOn) this.#notMade(run);
      }
      // What cannot be done now is done later, not at once because somebody asked meanwhile.
      if (!isDone) this.#again = false;
      if (isDone) await this.log.checkpoint();
      else if (isHeld) await this.#release();
    } catch (error) {
      this.#host.observe("engine.key_failed", 17, this.ref, error);
      this.#host.tryLater(this.ref);
      await this.#release();
    }
    this.#driving = false;
    if (this.#again) this.#kick();
    else this.#settle();
  }

  /** Becomes the key's holder if nobody is; false while another process is. */
  async #hold(): Promise<boolean> {
    const { owners } = this.#host;
    const name = await owners.claim(this.ref.tenant);
    while (!this.isHeld && this.log.state.open.size > 0) {
      const { holder } = this.log.state;
      if (holder !== undefined && !(await owners.isGone(this.ref.tenant, holder))) return false;
      await this.log.inOrder(() =>
        this.log.append((state) =>
          state.holder === holder && state.open.size > 0 ? { type: "key_claimed", by: name } : undefined,
        ),
      );
    }
    return true;
  }

  /** Leaves the runs that are left to others. */
  async #release(): Promise<void> {
    const name = this.#host.owners.nameIn(this.ref.tenant);
    if (name === undefined) return;
    try {
      await this.log.inOrder(() =>
        this.log.append((state) =>
          state.holder === name && state.open.size > 0 ? { type: "key_released", by: name } : undefined,
        ),
      );
    } catch (error) {
      // It is free when this engine's name is.
      this.#host.observe("engine.lease_failed", 13, this.ref, error);
    }
  }

  #notMade({ runId }: OpenRun): void {
    if (!this.isHeld) this.#host.observe("engine.lease_lost", 13, { ...this.ref, runId });
    this.#host.tryLater(this.ref);
  }

  /** The program of a run; when there is none, the run waits for it. */
  #programOf(run: OpenRun): Program | undefined {
    const program = this.#host.program(run.program);
    if (program !== undefined) return program;
    this.#host.observe("engine.program_missing", 13, {
      ...this.ref,
      runId: run.runId,
      program: run.program,
    });
    this.#host.blocked(this.ref, run.program);
    return undefined;
  }

  #giveUpWaiting(error: unknown): void {
    this.#waiters?.fail(error);
    this.#settle();
  }

  /** Follows the stream as long as somebody may want to know, and leaves when nobody does. */
  #settle(): void {
    const isWanted = this.#driving || (this.#waiters?.size ?? 0) > 0;
    this.#watch.set(isWanted);
    if (!isWanted && this.#operations === 0) this.#quiet(this);
  }
}
