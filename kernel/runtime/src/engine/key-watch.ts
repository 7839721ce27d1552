import { createAbortSource } from "@tau/core";
import type { AbortSource } from "@tau/core";

import type { Clock } from "../clock.ts";
import { isJournalTrouble } from "./engine-errors.ts";

// What this process writes it knows at once; following the stream is for what others write. Most runs of a
// test or a quick program are over before that matters, and then they do not pay for it.
const followAfterMs = 250;
const followAgainMs = 1_000;
// One for all: making an abort's default reason costs a stack trace.
const unwanted = new Error("The stream need not be followed any more.");

/** What a {@link KeyWatch} follows. */
export interface Followed {
  /** Takes what others append until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Hears of a failure. After one that cannot pass, the watch has ended. */
type Failed = (error: unknown, isOver: boolean) => void;

/** Follows a key's stream while somebody wants it followed. */
export class KeyWatch {
  readonly #log: Followed;
  readonly #clock: Clock;
  readonly #failed: Failed;
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #following: AbortSource | undefined;

  constructor(log: Followed, clock: Clock, failed: Failed) {
    this.#log = log;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Says whether the stream is to be followed from now on. */
  set(wanted: boolean): void {
    if (wanted === this.#isWanted) return;
    this.#isWanted = wanted;
    if (wanted) {
      this.#timer = setTimeout(() => this.#start(), followAfterMs);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#following?.abort(unwanted);
    this.#following = undefined;
  }

  #start(): void {
    this.#timer = undefined;
    this.#following = createAbortSource();
    this.#follow(this.#following.signal);
  }

  // No async function: every run that is held open would hold one more.
  #follow(signal: AbortSignal): void {
    this.#log.follow(signal).then(
      () => this.#followLater(signal),
      (error: unknown) => this.#stopped(signal, error),
    );
  }

  #stopped(signal: AbortSignal, error: unknown): void {
    if (signal.aborted) return;
    const isOver = !isJournalTrouble(error);
    this.#failed(error, isOver);
    if (!isOver) this.#followLater(signal);
  }

  #followLater(signal: AbortSignal): void {
    this.#clock.sleep(followAgainMs, signal).then(
      () => this.#follow(signal),
      (error: unknown) => {
        if (!signal.aborted) this.#failed(error, true);
      },
    );
  }
}
