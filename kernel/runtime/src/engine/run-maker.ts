import { isTauError, toErrorInfo } from "@tau/core";

import type { Program } from "../engine.ts";
import {
  engineCancelled,
  engineLeaseLost,
  engineRunEnded,
  hasCode,
  isJournalTrouble,
} from "./engine-errors.ts";
import { idleType } from "./engine-event.ts";
import type { EngineEvent, RunOutcome } from "./engine-event.ts";
import type { Decide, KeyLog } from "./key-log.ts";
import type { OpenRun } from "./key-state.ts";
import { attemptRun } from "./run-attempt.ts";
import { RunContext } from "./run-context.ts";
import type { RunHost } from "./run-context.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

const maxAttempts = 5;
const firstPauseMs = 100;

/** The key whose runs are made. */
export interface RunMakerKey {
  readonly ref: KeyRef;
  readonly log: KeyLog;
  /** Whether the key is held, as far as this process knows. */
  readonly isHeld: () => boolean;
}

/** Makes runs of a key that is held, one at a time, from the program's first line to the written end. */
export class RunMaker {
  readonly #host: WorkerHost;
  readonly #ref: KeyRef;
  readonly #log: KeyLog;
  readonly #isHeld: () => boolean;
  readonly #runHost: RunHost;
  #active: RunContext | undefined;

  constructor(host: WorkerHost, { ref, log, isHeld }: RunMakerKey) {
    this.#host = host;
    this.#ref = ref;
    this.#log = log;
    this.#isHeld = isHeld;
    this.#runHost = {
      ...ref,
      clock: host.clock,
      append: (runId, decide) => this.#appendAsHolder(runId, decide),
      call: (program, submission, signal) => host.call(program, submission, signal),
    };
  }

  /** Aborts the program that is running. */
  abort(reason: Error): void {
    this.#active?.abort(reason);
  }

  /** Passes an event of the key's stream on to the run that it is about. */
  heard(event: EngineEvent): void {
    const active = this.#active;
    if (active === undefined) return;
    if (event.type === "key_claimed") {
      if (!this.#isHeld()) active.abort(engineLeaseLost());
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

  /** Makes one run; answers whether its end was written. */
  async make(run: OpenRun, program: Program): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const context = new RunContext(this.#runHost, run);
      this.#active = context;
      const came = await attemptRun(context, program, run.input);
      this.#active = undefined;
      context.close();
      if (came.kind === "unfinished" || !this.#isHeld()) return false;
      if (came.kind === "ended") {
        if (came.bug !== undefined) this.#failed(run, came.bug);
        return await this.#end(run, came.outcome);
      }
      this.#host.observe("engine.journal_trouble", 13, { ...this.#ref, runId: run.runId }, came.error);
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
        this.#host.observe("engine.journal_trouble", 13, { ...this.#ref, runId }, error);
        if (!isJournalTrouble(error) || attempt >= maxAttempts || !(await this.#pause(attempt))) return false;
      }
    }
  }

  /** Writes about an open run, as only the holder of the key may. */
  #appendAsHolder(runId: string, decide: Decide): Promise<boolean> {
    return this.#log.inOrder(() =>
      this.#log.append((state) => {
        if (!this.#isHeld()) throw engineLeaseLost();
        if (!state.open.has(runId)) throw engineRunEnded();
        return decide(state);
      }),
    );
  }

  #failed(run: OpenRun, error: unknown): void {
    this.#host.observe(
      "engine.run_failed",
      17,
      { ...this.#ref, runId: run.runId, program: run.program },
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
    return this.#isHeld();
  }
}
