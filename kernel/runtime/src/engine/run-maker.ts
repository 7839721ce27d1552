import { isTauError, toErrorInfo } from "@tau/core";
import type { Json } from "@tau/core";

import type { Clock } from "../clock.ts";
import type { Program, Submission } from "../engine.ts";
import type { Journal, StreamAppend } from "../journal.ts";
import type { Beginning } from "./beginning.ts";
import {
  engineCancelled,
  engineLeaseLost,
  engineRunEnded,
  hasCode,
  isConflictOf,
  isJournalTrouble,
} from "./engine-errors.ts";
import { idleType } from "./engine-event.ts";
import type { EngineEvent, RunOutcome } from "./engine-event.ts";
import type { Decide, KeyLog } from "./key-log.ts";
import type { OpenRun } from "./key-state.ts";
import { attemptRun } from "./run-attempt.ts";
import type { RunAttempt } from "./run-attempt.ts";
import { RunContext } from "./run-context.ts";
import type { LastAppend, RunHost } from "./run-context.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

const maxAttempts = 5;
const firstPauseMs = 100;

/** The key whose runs are made. */
export interface RunMakerKey {
  readonly ref: KeyRef;
  readonly log: KeyLog;
  /** Whether the key is held, as far as this process knows. */
  readonly isHeld: boolean;
}

interface Attempt {
  readonly context: RunContext;
  /** Never rejects. */
  readonly came: Promise<RunAttempt>;
  /** Whether the program has not settled. */
  isRunning: boolean;
}

type Trouble = Extract<RunAttempt, { readonly kind: "trouble" }>;

/** Makes runs of a key that is held, one at a time, from the program's first line to the written end. */
export class RunMaker implements RunHost {
  readonly #host: WorkerHost;
  readonly #key: RunMakerKey;
  #attempt: Attempt | undefined;

  constructor(host: WorkerHost, key: RunMakerKey) {
    this.#host = host;
    this.#key = key;
  }

  /** For the runs. */
  get ref(): KeyRef {
    return this.#key.ref;
  }

  /** For the runs. */
  get clock(): Clock {
    return this.#host.clock;
  }

  /** For the runs. */
  get journal(): Journal {
    return this.#host.journal;
  }

  /** For the runs: writes about an open one, as only the holder of the key may. */
  append(
    runId: string,
    decide: Decide,
    beside: readonly StreamAppend[] = [],
  ): Promise<readonly number[] | undefined> {
    const { log } = this.#key;
    return log.inOrder(() =>
      log.append((state) => {
        if (!this.#key.isHeld) throw engineLeaseLost();
        if (!state.open.has(runId)) throw engineRunEnded();
        return decide(state);
      }, beside),
    );
  }

  /** For the runs. */
  call(program: string, submission: Submission, signal: AbortSignal): Promise<Json> {
    return this.#host.call(program, submission, signal);
  }

  /** Aborts the program that is running. */
  abort(reason: Error): void {
    if (this.#attempt?.isRunning === true) this.#attempt.context.abort(reason);
  }

  /** Passes an event of the key's stream on to the run that it is about. */
  heard(event: EngineEvent): void {
    if (this.#attempt?.isRunning !== true) return;
    const { context: active } = this.#attempt;
    if (event.type === "key_claimed") {
      if (!this.#key.isHeld) active.abort(engineLeaseLost());
      return;
    }
    if (event.type === "key_released" || active.runId !== event.runId) return;
    switch (event.type) {
      case "run_cancelled":
        active.abort(engineCancelled(event.reason));
        break;
      case "run_signalled":
      case "wait_expired":
        active.notify(event.name);
        break;
      case "run_ended":
      case "run_ended_idle":
        // Its end is written after its program settled: if it is still running here, somebody else has it.
        active.abort(engineLeaseLost());
        break;
      default:
    }
  }

  /** Whether no program is running, so that one may begin early. */
  get isFree(): boolean {
    return this.#attempt === undefined;
  }

  /** Begins a run whose submission is not durable yet; {@link make} goes on with it. */
  begin(run: OpenRun, program: Program, beginning: Beginning): void {
    this.#attempt = this.#begin(run, program, beginning);
  }

  /** Says that the submission of the run that was begun is durable. */
  accepted(run: OpenRun): void {
    this.#attempt?.context.accepted(run);
  }

  /** Says that the submission of the run that was begun was refused: its program stops. */
  async refused(): Promise<void> {
    const attempt = this.#attempt;
    attempt?.context.abort(engineLeaseLost());
    await attempt?.came;
    attempt?.context.last?.reject(engineLeaseLost());
    this.#attempt = undefined;
  }

  /** Makes one run; answers whether its end was written. Not an async function: it would be there as long as the run. */
  make(run: OpenRun, program: Program, attempts = 1): Promise<boolean> {
    const attempt = this.#attempt?.context.runId === run.runId ? this.#attempt : this.#begin(run, program);
    this.#attempt = attempt;
    return attempt.came.then(async (came) => {
      const trouble = await this.#settle(run, attempt, came);
      if (typeof trouble === "boolean") return trouble;
      this.#host.observe("engine.journal_trouble", 13, { ...this.ref, runId: run.runId }, trouble.error);
      if (attempts < maxAttempts)
        return (await this.#pause(attempts)) && (await this.make(run, program, attempts + 1));
      // Who loses against others that often has a bug, and would hold up its key for ever.
      const outcome: RunOutcome = { ok: false, error: toErrorInfo(trouble.error) };
      return hasCode(trouble.error, "journal.conflict") && (await this.#end(run, outcome)) === true;
    });
  }

  /** Ends an attempt: whether the run's end was written, or what the journal did to it. */
  async #settle(run: OpenRun, attempt: Attempt, came: RunAttempt): Promise<boolean | Trouble> {
    const { context } = attempt;
    attempt.isRunning = false;
    context.close();
    let ended: boolean | Trouble = false;
    if (came.kind === "trouble") ended = came;
    if (came.kind === "ended" && this.#key.isHeld) {
      if (came.bug !== undefined) this.#failed(run, came.bug);
      if (!came.outcome.ok) context.last?.reject(engineRunEnded());
      ended = await this.#end(run, came.outcome, came.outcome.ok ? context.last : undefined);
    }
    // What was to be written with the end, and was not.
    if (ended !== true) context.last?.reject(ended === false ? engineLeaseLost() : ended.error);
    this.#attempt = undefined;
    return ended;
  }

  #begin(run: OpenRun, program: Program, beginning?: Beginning): Attempt {
    const context = new RunContext(this, run, beginning);
    return { context, came: attemptRun(context, program, run.input), isRunning: true };
  }

  /** Writes how a run ended, trying for a while; otherwise the run is made again later, or, after trouble, at once. */
  async #end(run: OpenRun, outcome: RunOutcome, last?: LastAppend): Promise<boolean | Trouble> {
    const { runId } = run;
    const beside = last === undefined ? [] : [last.append];
    for (let attempt = 1; ; attempt++) {
      try {
        const versions = await this.append(
          runId,
          ({ open }) => ({ type: open.size === 1 ? idleType : "run_ended", runId, outcome }),
          beside,
        );
        if (last !== undefined) last.resolve(versions?.[0] ?? 0);
        return true;
      } catch (error) {
        if (outcome.ok && !isTauError(error)) {
          // The result is not JSON.
          this.#failed(run, error);
          last?.reject(error);
          return await this.#end(run, { ok: false, error: toErrorInfo(error) });
        }
        // Somebody else wrote what the program was about to write: it has to look again.
        if (last !== undefined && isConflictOf(error, last.append.id)) return { kind: "trouble", error };
        this.#host.observe("engine.journal_trouble", 13, { ...this.ref, runId }, error);
        if (!isJournalTrouble(error) || attempt >= maxAttempts || !(await this.#pause(attempt))) return false;
      }
    }
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
    return this.#key.isHeld;
  }
}
