import type { StoredEvent } from "@tau/runtime";

// Beyond this a slow follower reads the journal instead of being held events in memory.
const maxHeldEvents = 256;
const maxHeldCharacters = 262_144;

/** What somebody who follows a stream has not taken yet. */
export class Inbox implements Disposable {
  readonly #remove: () => void;
  #held: StoredEvent[] = [];
  #characters = 0;
  /** Whether `#held` has everything that happened since the last call of `take`. */
  #complete = true;
  #fresh = false;
  #resume: (() => void) | undefined;

  constructor(remove: () => void) {
    this.#remove = remove;
  }

  /** Adds durable events that this process wrote. */
  put(events: readonly StoredEvent[]): void {
    for (const { body } of events) this.#characters += body.length;
    const fits = this.#held.length + events.length <= maxHeldEvents && this.#characters <= maxHeldCharacters;
    if (this.#complete && fits) this.#held.push(...events);
    else this.#drop();
    this.wake();
  }

  /** Notes that there may be events which this process did not write. */
  lookAgain(): void {
    this.#drop();
    this.wake();
  }

  wake(): void {
    this.#fresh = true;
    this.#resume?.();
  }

  /**
   * The events from `next` on, if this process wrote them all; undefined when the journal is to be read. The
   * next call answers what comes after this one.
   */
  take(next: number): readonly StoredEvent[] | undefined {
    const held = this.#complete ? this.#held.filter(({ seq }) => seq >= next) : [];
    this.#held = [];
    this.#characters = 0;
    this.#complete = true;
    // Another process's events may lie between two of ours.
    const continues = held.length > 0 && held.every(({ seq }, index) => seq === next + index);
    return continues ? held : undefined;
  }

  /** Settles when there may be news; at once when there were some since the last call. */
  async news(): Promise<void> {
    if (!this.#fresh) await new Promise<void>((resolve) => (this.#resume = resolve));
    this.#resume = undefined;
    this.#fresh = false;
  }

  [Symbol.dispose](): void {
    this.#remove();
  }

  #drop(): void {
    this.#complete = false;
    this.#held = [];
  }
}
