import { createAbortSource } from "@tau/core";
import type { AbortSource } from "@tau/core";

import type { Clock } from "../clock.ts";
import type { StoredEvent } from "../journal.ts";
import { isJournalTrouble } from "./engine-errors.ts";

// What this process writes it knows at once; following the stream is for what others write. Most runs of a
// test or a quick program are over before that matters, and then they do not pay for it.
const followAfterMs = 250;
const followAgainMs = 1_000;
// One for all: making an abort's default reason costs a stack trace.
const unwanted = new Error("The stream need not be followed any more.");

type Batches = AsyncIterator<readonly StoredEvent[]>;

/** What a {@link KeyWatch} follows. */
export interface Followed {
  /** Reads what there is, unless that was done before. */
  load(): Promise<void>;
  /** What others append until the signal aborts. */
  follow(signal: AbortSignal): Batches;
  take(batch: readonly StoredEvent[]): void;
}

/** Hears of failures. After one that cannot pass, the watch has ended. */
export interface WatchListener {
  followFailed(error: unknown, isOver: boolean): void;
}

/**
 * Follows a key's stream while somebody wants it followed. Without async functions: every run that is held open would
 * hold them.
 */
export class KeyWatch {
  readonly #log: Followed;
  readonly #clock: Clock;
  readonly #listener: WatchListener;
  #isWanted = false;
  #timer: NodeJS.Timeout | undefined;
  #following: AbortSource | undefined;

  constructor(log: Followed, clock: Clock, listener: WatchListener) {
    this.#log = log;
    this.#clock = clock;
    this.#listener = listener;
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

  #follow(signal: AbortSignal): void {
    this.#log
      .load()
      .then(() => this.#read(this.#log.follow(signal), signal))
      .catch((error: unknown) => this.#stopped(signal, error));
  }

  #read(batches: Batches, signal: AbortSignal): void {
    batches.next().then(
      (step) => {
        if (step.done === true) this.#followLater(signal);
        else if (this.#isTaken(step.value, signal)) this.#read(batches, signal);
        else batches.return?.().catch(() => undefined);
      },
      (error: unknown) => this.#stopped(signal, error),
    );
  }

  #isTaken(batch: readonly StoredEvent[], signal: AbortSignal): boolean {
    try {
      this.#log.take(batch);
      return true;
    } catch (error) {
      this.#stopped(signal, error);
      return false;
    }
  }

  #stopped(signal: AbortSignal, error: unknown): void {
    if (signal.aborted) return;
    const isOver = !isJournalTrouble(error);
    this.#listener.followFailed(error, isOver);
    if (!isOver) this.#followLater(signal);
  }

  #followLater(signal: AbortSignal): void {
    this.#clock.sleep(followAgainMs, signal).then(
      () => this.#follow(signal),
      (error: unknown) => {
        if (!signal.aborted) this.#listener.followFailed(error, true);
      },
    );
  }
}
