import type { StoredEvent } from "@tau/runtime";

// Beyond this a slow follower reads the journal instead of being held events in memory.
const maxHeldEvents = 256;
const maxHeldCharacters = 262_144;

/** What somebody who follows a stream has not taken yet. */
export class Inbox {
  #held: StoredEvent[] = [];
  #characters = 0;
  /** Whether `#held` has everything that happened since the last call of `take`. */
  #complete = true;

  /** Adds durable events that this process wrote. */
  put(events: readonly StoredEvent[]): void {
    for (const { body } of events) this.#characters += body.length;
    const fits = this.#held.length + events.length <= maxHeldEvents && this.#characters <= maxHeldCharacters;
    if (this.#complete && fits) this.#held.push(...events);
    else this.lookAgain();
  }

  /** Notes that there may be events which this process did not write. */
  lookAgain(): void {
    this.#complete = false;
    this.#held = [];
  }

  /**
   * The events from `next` on, none if nothing happened; undefined when the journal is to be read. The next call
   * answers what comes after this one.
   */
  take(next: number): readonly StoredEvent[] | undefined {
    const isComplete = this.#complete;
    const held = this.#held.length === 0 ? this.#held : this.#held.filter(({ seq }) => seq >= next);
    if (this.#held.length > 0) this.#held = [];
    this.#characters = 0;
    this.#complete = true;
    // Another process's events may lie between two of ours.
    const continues = held.every(({ seq }, index) => seq === next + index);
    return isComplete && continues ? held : undefined;
  }
}
