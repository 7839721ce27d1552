import type { RunOutcome } from "./engine-event.ts";

interface Waiter {
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Those who wait for runs of one key to end. */
export class ResultWaiters {
  readonly #waiters = new Map<string, Set<Waiter>>();

  get size(): number {
    return this.#waiters.size;
  }

  /** How the run ends. `left` is told when the wait was given up because `signal` aborted. */
  wait(runId: string, signal: AbortSignal, left: () => void): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#remove(runId, waiter);
        reject(signal.reason);
        left();
      };
      const waiter: Waiter = {
        resolve: (outcome) => {
          signal.removeEventListener("abort", abort);
          resolve(outcome);
        },
        reject: (error) => {
          signal.removeEventListener("abort", abort);
          reject(error);
        },
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener("abort", abort, { once: true });
      const waiters = this.#waiters.get(runId) ?? new Set();
      this.#waiters.set(runId, waiters.add(waiter));
    });
  }

  settle(runId: string, outcome: RunOutcome): void {
    const waiters = this.#waiters.get(runId);
    this.#waiters.delete(runId);
    for (const waiter of waiters ?? []) waiter.resolve(outcome);
  }

  fail(error: unknown): void {
    const all = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiters of all) for (const waiter of waiters) waiter.reject(error);
  }

  #remove(runId: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(runId);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(runId);
  }
}
