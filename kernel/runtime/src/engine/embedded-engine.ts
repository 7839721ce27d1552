import { silentObserver } from "@tau/core";
import type { Json, Observer } from "@tau/core";

import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";
import type { Engine, Program, ProgramOptions, Submission } from "../engine.ts";
import type { Journal } from "../journal.ts";
import type { Leases } from "../lease.ts";
import { assertStreamId } from "../stream-id.ts";
import { duplicateProgram, engineStopped, hasCode } from "./engine-errors.ts";
import { KeyLog } from "./key-log.ts";
import type { KeyListener } from "./key-log.ts";
import { KeyTable } from "./key-table.ts";
import type { KeyWorker } from "./key-worker.ts";
import { Owners } from "./owners.ts";
import { Recovery } from "./recovery.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

/** Options of {@link createEmbeddedEngine}. */
export interface EmbeddedEngineOptions {
  readonly journal: Journal;
  readonly leases: Leases;
  /** Default: this machine's. */
  readonly clock?: Clock;
  readonly observer?: Observer;
  /** How long disposing waits for programs to stop, in milliseconds. Default 10,000. */
  readonly drainMs?: number;
  /** How often a key that another process holds is tried again, in milliseconds. Default 5,000. */
  readonly takeOverEveryMs?: number;
  /** Which keys' unfinished runs this process takes up by itself; what is submitted here it runs anyway. Default: all. */
  readonly takesUp?: (ref: Pick<Submission, "tenant" | "key">) => boolean;
  /** How often the store is searched for keys that nobody looks after, in milliseconds. Default 60,000. */
  readonly scanEveryMs?: number;
}

/**
 * Makes an {@link Engine} inside this process, with the journal as its only memory.
 *
 * - Each key has a stream `engine/<key>`, which also says who makes its runs: processes that share a store share the
 *   work. A lease for each engine and tenant shows that the engine lives.
 * - A step's result is not kept: after a crash the program is replayed from the top, and the step's function looks for its own traces.
 * - A program that fails because of the journal is replayed, a few times at once and then later; its run does not end.
 * - Disposing aborts the programs with `engine.stopped`; those that throw then are replayed by the next engine on the store.
 *   What still runs after `drainMs` keeps its key for as long as it runs.
 */
export function createEmbeddedEngine(options: EmbeddedEngineOptions): Engine {
  return new EmbeddedEngine(options);
}

const nobody: KeyListener = { heard: () => undefined };

class EmbeddedEngine implements Engine {
  // Results of steps are not stored, so nothing bounds them.
  readonly capabilities = { failover: "lease", maxStepBytes: Number.MAX_SAFE_INTEGER } as const;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #drainMs: number;
  readonly #stopping = new AbortController();
  readonly #programs = new Map<string, Program>();
  readonly #early = new Set<string>();
  /** Keys whose next run needs a program that is not registered yet, by program. */
  readonly #blocked = new Map<string, Map<string, KeyRef>>();
  readonly #owners: Owners;
  readonly #journal: Journal;
  readonly #keys: KeyTable;
  readonly #recovery: Recovery;
  #started: Promise<void> | undefined;
  #disposed: Promise<void> | undefined;

  constructor(options: EmbeddedEngineOptions) {
    const { journal, leases, clock = systemClock, takeOverEveryMs = 5_000, scanEveryMs = 60_000 } = options;
    this.#clock = clock;
    this.#journal = journal;
    this.#observer = options.observer ?? silentObserver;
    this.#drainMs = options.drainMs ?? 10_000;
    this.#owners = new Owners(leases, (tenant) => this.#lost(tenant));
    this.#keys = new KeyTable(this.#workerHost(options), () => this.#retired());
    this.#recovery = new Recovery({
      journal,
      clock,
      stopping: this.#stopping.signal,
      takeOverEveryMs,
      scanEveryMs,
      takesUp: options.takesUp ?? (() => true),
      takeUp: (ref) => this.#takeUp(ref),
      tidy: () => this.#releaseUnused(),
      failed: (error) => this.#observe({ name: "engine.scan_failed", level: 17, attributes: {}, error }),
    });
  }

  register(name: string, program: Program, { beginsEarly = false }: ProgramOptions = {}): void {
    if (this.#programs.has(name)) throw duplicateProgram(name);
    this.#programs.set(name, program);
    if (beginsEarly) this.#early.add(name);
    const blocked = this.#blocked.get(name);
    this.#blocked.delete(name);
    for (const ref of blocked?.values() ?? []) this.#takeUpSoon(ref);
  }

  start(): Promise<void> {
    if (this.#isStopping) return Promise.reject(engineStopped());
    this.#started ??= this.#start();
    return this.#started;
  }

  async submit(program: string, submission: Submission): Promise<boolean> {
    return await this.#worker(submission).submit(program, submission);
  }

  async signal(run: Parameters<Engine["signal"]>[0], name: string, payload: Json): Promise<void> {
    await this.#worker(run).signal(run.runId, name, payload);
  }

  async cancel(run: Parameters<Engine["cancel"]>[0], reason: string): Promise<void> {
    await this.#worker(run).cancel(run.runId, reason);
  }

  async result(run: Parameters<Engine["result"]>[0], signal: AbortSignal): Promise<Json> {
    return await this.#worker(run).result(run.runId, signal);
  }

  async isHeld({ tenant, key }: Parameters<Engine["isHeld"]>[0]): Promise<boolean> {
    const id = { tenant, stream: `engine/${key}` };
    assertStreamId(id);
    // A log of its own: whoever only looks takes nothing up.
    const log = new KeyLog({ journal: this.#journal, clock: this.#clock }, id, undefined, nobody);
    await log.catchUp();
    const { holder, open } = log.state;
    if (holder === undefined || open.size === 0) return false;
    return !(await this.#owners.isGone(tenant, holder));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #start(): Promise<void> {
    try {
      await this.#recovery.scan();
    } catch (error) {
      // The caller may start it again.
      this.#started = undefined;
      throw error;
    }
    this.#recovery.keepScanning().catch((error: unknown) => {
      this.#observe({ name: "engine.scan_failed", level: 17, attributes: {}, error });
    });
  }

  async #dispose(): Promise<void> {
    this.#stopping.abort(engineStopped());
    for (const worker of this.#keys.workers) worker.stop();
    const drained = new AbortController();
    const empty = this.#keys.empty();
    const late = this.#clock.sleep(this.#drainMs, drained.signal).catch(() => undefined);
    await Promise.race([empty, late]);
    drained.abort();
    for (const { ref } of this.#keys.workers) {
      this.#observe({
        name: "engine.drain_expired",
        level: 13,
        tenant: ref.tenant,
        attributes: { key: ref.key },
      });
    }
    await this.#releaseUnused();
  }

  #lost(tenant: string): void {
    for (const worker of this.#keys.workers) if (worker.ref.tenant === tenant) worker.lost();
  }

  /** What still runs when the engine was disposed of is this process's until it ends. */
  #retired(): void {
    if (this.#isStopping) this.#releaseUnused().catch((error: unknown) => this.#leaseFailed(error));
  }

  async #releaseUnused(): Promise<void> {
    const used = new Set(this.#keys.workers.map(({ ref }) => ref.tenant));
    await this.#owners.release((tenant) => used.has(tenant));
  }

  #leaseFailed(error: unknown): void {
    this.#observe({ name: "engine.lease_failed", level: 13, attributes: {}, error });
  }

  #worker(ref: KeyRef): KeyWorker {
    if (this.#isStopping) throw engineStopped();
    const { tenant, key } = ref;
    assertStreamId({ tenant, stream: `engine/${key}` });
    return this.#keys.worker({ tenant, key });
  }

  async #takeUp(ref: KeyRef): Promise<void> {
    if (!this.#isStopping) await this.#keys.worker(ref).takeUp();
  }

  #takeUpSoon(ref: KeyRef): void {
    this.#takeUp(ref).catch((error: unknown) => {
      this.#observe({
        name: "engine.key_failed",
        level: 17,
        tenant: ref.tenant,
        attributes: { key: ref.key },
        error,
      });
    });
  }

  #workerHost(options: EmbeddedEngineOptions): WorkerHost {
    return {
      journal: options.journal,
      owners: this.#owners,
      clock: this.#clock,
      stopping: this.#stopping.signal,
      isRunning: () => this.#started !== undefined && !this.#isStopping,
      program: (name) => this.#programs.get(name),
      beginsEarly: (name) => this.#early.has(name),
      call: (program, submission, signal) => this.#call(program, submission, signal),
      tryLater: (ref) => this.#recovery.tryLater(ref),
      blocked: (ref, program) => this.#block(ref, program),
      observe: (name, level, { tenant, ...attributes }, error) =>
        this.#observe({ name, level, tenant, attributes, ...(error === undefined ? {} : { error }) }),
    };
  }

  #block(ref: KeyRef, program: string): void {
    const keys = this.#blocked.get(program) ?? new Map<string, KeyRef>();
    this.#blocked.set(program, keys.set(`${ref.tenant} ${ref.key}`, ref));
  }

  async #call(program: string, submission: Submission, signal: AbortSignal): Promise<Json> {
    try {
      signal.throwIfAborted();
      await this.submit(program, submission);
      return await this.result(submission, signal);
    } catch (error) {
      // A cancel reaches what the cancelled run called, also when it was called before a restart.
      if (hasCode(signal.reason, "engine.cancelled")) await this.#cancelCalled(submission);
      throw error;
    }
  }

  async #cancelCalled(called: Submission): Promise<void> {
    try {
      await this.cancel(called, "The run that called it was cancelled.");
    } catch (error) {
      if (!hasCode(error, "engine.not_found")) throw error;
    }
  }

  #observe(observation: Parameters<Observer>[0]): void {
    try {
      this.#observer(observation);
    } catch {
      // An observer cannot change a run.
    }
  }
}
