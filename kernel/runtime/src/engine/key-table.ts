import { AgedMap } from "../aged-map.ts";
import type { KeyState } from "./key-state.ts";
import { KeyWorker } from "./key-worker.ts";
import type { KeyRef, WorkerHost } from "./worker-host.ts";

// What is kept of keys without work, so that their next run need not read the stream: a version, and the ids
// of the runs that ended. About 100 bytes each.
const maxIdleRuns = 20_000;

/** The keys this process has to do with: a worker for each that has work, a little knowledge of some others. */
export class KeyTable {
  readonly #host: WorkerHost;
  readonly #retired: () => void;
  readonly #workers = new Map<string, KeyWorker>();
  readonly #idle = new AgedMap<string, KeyState>();
  // One for all workers.
  readonly #quiet = (worker: KeyWorker): void => this.#retire(worker);
  #idleRuns = 0;
  #whenEmpty: (() => void)[] = [];

  /** `retired` is called when a key has no work any more. */
  constructor(host: WorkerHost, retired: () => void) {
    this.#host = host;
    this.#retired = retired;
  }

  get workers(): readonly KeyWorker[] {
    return [...this.#workers.values()];
  }

  /** The worker of a key. Ask it for something at once: without work it is forgotten. */
  worker(ref: KeyRef): KeyWorker {
    const name = nameOf(ref);
    const found = this.#workers.get(name);
    if (found !== undefined) return found;
    const known = this.#idle.get(name);
    if (known !== undefined) {
      this.#idle.delete(name);
      this.#forgot(known);
    }
    const worker = new KeyWorker(this.#host, { ref, known, quiet: this.#quiet });
    this.#workers.set(name, worker);
    return worker;
  }

  /** Settles when no key has work. */
  async empty(): Promise<void> {
    if (this.#workers.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  #retire(worker: KeyWorker): void {
    const name = nameOf(worker.ref);
    if (this.#workers.get(name) !== worker) return;
    this.#workers.delete(name);
    this.#retired();
    const { state, loaded } = worker.log;
    // Runs left open are somebody else's: what is known of them here would soon be wrong.
    if (loaded && state.open.size === 0) this.#remember(name, state);
    if (this.#workers.size > 0) return;
    for (const resolve of this.#whenEmpty) resolve();
    this.#whenEmpty = [];
  }

  #remember(name: string, state: KeyState): void {
    this.#idle.set(name, state);
    this.#idleRuns += 1 + state.ended.size;
    while (this.#idleRuns > maxIdleRuns) {
      const [, longestIdle] = this.#idle.takeOldest() ?? [];
      if (longestIdle === undefined) return;
      this.#forgot(longestIdle);
    }
  }

  #forgot(state: KeyState): void {
    this.#idleRuns -= 1 + state.ended.size;
  }
}

function nameOf({ tenant, key }: KeyRef): string {
  return `${tenant} ${key}`;
}
