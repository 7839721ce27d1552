import type { Clock } from "../clock.ts";
import { isJournalTrouble } from "./engine-errors.ts";

// What this process writes it knows at once; following the stream is for what others write. Most runs of a
// test or a quick program are over before that matters, and then they do not pay for it.
const followAfterMs = 250;
const followAgainMs = 1_000;
// One for all: making an abort's default reason costs a stack trace.
const unwanted = new Error("The stream need not be followed any more.");

/** Collaborators of a {@link KeyWatch}. */
export interface KeyWatchHost {
  readonly clock: Clock;
  /** Takes what others append until the signal aborts. */
  follow(signal: AbortSignal): Promise<void>;
  /** Hears of a failure. After one that cannot pass, the watch has ended. */
  failed(error: unknown, isOver: boolean): void;
}

/** Follows a key's stream while somebody wants it followed. */
export class KeyWatch {
  readonly #host: KeyWatchHost;
  #timer: NodeJS.Timeout | undefined;
  #following: AbortController | undefined;

  constructor(host: KeyWatchHost) {
    this.#host = host;
  }

  /** Says whether the stream is to be followed from now on. */
  set(wanted: boolean): void {
    if (!wanted) {
      clearTimeout(this.#timer);
      this.#following?.abort(unwanted);
      this.#timer = undefined;
      this.#following = undefined;
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#start(), followAfterMs);
    }
  }

  #start(): void {
    const following = new AbortController();
    this.#following = following;
    this.#follow(following.signal).catch((error: unknown) => {
      if (!following.signal.aborted) this.#host.failed(error, true);
    });
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#host.follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isJournalTrouble(error)) throw error;
        this.#host.failed(error, false);
      }
      await this.#host.clock.sleep(followAgainMs, signal);
    }
  }
}
