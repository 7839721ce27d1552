import type { Observer } from "@tau/core";

import { observeSafely } from "../observe-safely.ts";
import type { CallEntry, CallEventStore } from "./call-event-store.ts";

/** Entries written at once. */
const maxBatch = 256;

/**
 * Writes events beside the calls, in order. A store that fails or is too slow costs events, and a warning, but never a
 * call.
 */
export class EventWriter {
  readonly #store: CallEventStore;
  readonly #observer: Observer;
  readonly #maxQueued: number;
  #queue: CallEntry[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;

  constructor(store: CallEventStore, observer: Observer, maxQueued: number) {
    this.#store = store;
    this.#observer = observer;
    this.#maxQueued = maxQueued;
  }

  /** Entries that are not yet written. */
  get pending(): number {
    return this.#queue.length;
  }

  add(entry: CallEntry): void {
    if (this.#queue.length >= this.#maxQueued) {
      this.#dropped++;
      return;
    }
    this.#queue.push(entry);
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all that was added is written, or lost. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What ends in the same turn is written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, maxBatch);
      try {
        await this.#store.append(batch);
      } catch (error) {
        this.#warn("call_events.write_failed", batch.length, error);
      }
      this.#queue = this.#queue.slice(batch.length);
      if (this.#dropped > 0) this.#warn("call_events.queue_full", this.#dropped);
      this.#dropped = 0;
    }
    this.#writing = undefined;
  }

  #warn(name: string, lost: number, error?: unknown): void {
    observeSafely(this.#observer, {
      name,
      level: 13,
      attributes: { lost },
      ...(error === undefined ? {} : { error }),
    });
  }
}
