import type { StreamAppend } from "../journal.ts";

interface Gathered {
  readonly append: StreamAppend;
  readonly resolve: (version: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What happens between the beginning of a run and the moment when its submission is durable.
 *
 * Invariants, cited by the tests:
 * - B1. What the program adds to streams before the submission is sent is written in one with it, or not at all.
 * - B2. What the program does later, and would leave a trace, waits for the submission, and fails when it is refused.
 */
export class Beginning {
  readonly #gathered: Gathered[] = [];
  readonly #settled = Promise.withResolvers<void>();
  #isSent = false;
  #spoke: (() => void) | undefined;

  constructor() {
    // A program may have nothing that waits for it.
    this.#settled.promise.catch(() => undefined);
  }

  /** Settles when the submission is durable; rejects with the reason when it was refused. */
  get durable(): Promise<void> {
    return this.#settled.promise;
  }

  /** Adds to a stream: with the submission, or, when it is too late for that, by `write` after it. */
  append(append: StreamAppend, write: () => Promise<number>): Promise<number> {
    const isSecond = this.#gathered.some(({ append: { id } }) => id.stream === append.id.stream);
    if (this.#isSent || isSecond) return this.durable.then(write);
    return new Promise((resolve, reject) => {
      this.#gathered.push({ append, resolve, reject });
      this.#spoke?.();
    });
  }

  /** Settles when the program said something, or did all that it can without waiting for anything. */
  spoken(): Promise<void> {
    if (this.#gathered.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const turn = setImmediate(resolve);
      this.#spoke = () => {
        clearImmediate(turn);
        resolve();
      };
    });
  }

  /** What is to be written with the submission, which is sent now. */
  take(): readonly StreamAppend[] {
    this.#isSent = true;
    return this.#gathered.map(({ append }) => append);
  }

  /** Says that the submission is durable, and which versions the streams have that were written with it. */
  accept(versions: readonly number[]): void {
    this.#settled.resolve();
    for (const [index, { resolve }] of this.#gathered.entries()) resolve(versions[index] ?? 0);
  }

  /** Says that nothing was written. */
  refuse(error: unknown): void {
    this.#settled.reject(error);
    for (const { reject } of this.#gathered) reject(error);
  }
}
