import type { Clock } from "../clock.ts";
import type { Journal } from "../journal.ts";
import { idleType } from "./engine-event.ts";
import type { KeyRef } from "./worker-host.ts";

const prefix = "engine/";
const pageSize = 500;
// Taking a key up costs a lease and a read; the runs themselves are not counted here.
const maxTakenUpAtOnce = 16;

/** Collaborators of {@link Recovery}. */
export interface RecoveryHost {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  /** Milliseconds. */
  readonly takeOverEveryMs: number;
  /** Milliseconds. */
  readonly scanEveryMs: number;
  /** Whether this process looks after the key at all. */
  takesUp(ref: KeyRef): boolean;
  /** Makes the key's runs, unless another process holds the key. Never rejects. */
  takeUp(ref: KeyRef): Promise<void>;
  /** Gives back what is held without need. */
  tidy(): Promise<void>;
  failed(error: unknown): void;
}

/** Finds the keys that have unfinished runs and nobody who makes them. */
export class Recovery {
  readonly #host: RecoveryHost;
  #later = new Map<string, KeyRef>();
  #isTakingOver = false;

  constructor(host: RecoveryHost) {
    this.#host = host;
  }

  /** Takes up every key of the store that has unfinished runs. */
  async scan(): Promise<void> {
    const { journal } = this.#host;
    for (const tenant of await journal.tenants()) {
      let before: string | undefined;
      for (;;) {
        const page = await journal.list(tenant, {
          prefix,
          limit: pageSize,
          ...(before === undefined ? {} : { before }),
        });
        const unfinished = page.filter(({ lastType }) => lastType !== idleType);
        const refs = unfinished.map(({ stream }) => ({ tenant, key: stream.slice(prefix.length) }));
        await forEach(
          refs.filter((ref) => this.#host.takesUp(ref)),
          (ref) => this.#host.takeUp(ref),
        );
        before = page.at(-1)?.stream;
        if (before === undefined || page.length < pageSize) break;
      }
    }
  }

  /** Scans again and again, for keys that this process does not know of, until the engine stops. */
  async keepScanning(): Promise<void> {
    const { clock, stopping, scanEveryMs } = this.#host;
    while (await this.#slept(() => clock.sleep(scanEveryMs, stopping))) {
      try {
        await this.#host.tidy();
        await this.scan();
      } catch (error) {
        this.#host.failed(error);
      }
    }
  }

  /** Tries this key again after a while, and again, until another process has made its runs. */
  tryLater({ tenant, key }: KeyRef): void {
    if (this.#host.stopping.aborted) return;
    this.#later.set(`${tenant} ${key}`, { tenant, key });
    if (this.#isTakingOver) return;
    this.#isTakingOver = true;
    this.#takeOver().catch((error: unknown) => this.#host.failed(error));
  }

  async #takeOver(): Promise<void> {
    const { clock, stopping, takeOverEveryMs } = this.#host;
    while (this.#later.size > 0 && (await this.#slept(() => clock.sleep(takeOverEveryMs, stopping)))) {
      const keys = [...this.#later.values()];
      this.#later = new Map();
      await forEach(keys, (ref) => this.#host.takeUp(ref));
    }
    this.#isTakingOver = false;
  }

  /** False when the engine stopped meanwhile. */
  async #slept(sleep: () => Promise<void>): Promise<boolean> {
    try {
      await sleep();
      return !this.#host.stopping.aborted;
    } catch {
      return false;
    }
  }
}

/** Acts on every item, on a few at a time. */
async function forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(maxTakenUpAtOnce, items.length) }, worker));
}
