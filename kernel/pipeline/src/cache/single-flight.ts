import type { ModelEvent } from "@tau/core";

import type { ModelStream } from "../layer.ts";

type Batch = readonly ModelEvent[];

/** Beyond this an answer that streams takes no further readers, so that its beginning need not be held for them. */
const maxHeldEvents = 20_000;

/**
 * One answer that several callers read as it streams.
 *
 * - F1. The source is pulled only when a reader wants what nobody has read yet, and never twice at once.
 * - F2. Every reader gets every batch in order, from the first one, and the same end.
 * - F3. A reader that leaves or is aborted disturbs no other. When the last one is gone the source is aborted and
 *   closed, and `done` was called.
 * - F4. It goes on for one of them: for who joined first and, when that one leaves before the end, for the next. So
 *   there always is somebody to pay.
 */
export class Flight {
  readonly #open: (signal: AbortSignal) => ModelStream;
  readonly #done: () => void;
  readonly #abort = new AbortController();
  readonly #batches: Batch[] = [];
  #source: AsyncIterator<Batch, unknown> | undefined;
  #pulling: Promise<void> | undefined;
  #end: { readonly error?: unknown } | undefined;
  /** In the order in which they joined: it goes on for the first. */
  readonly #readers = new Set<FlightReader>();
  #events = 0;

  /** `done` hears once that no further reader can join. */
  constructor(open: (signal: AbortSignal) => ModelStream, done: () => void) {
    this.#open = open;
    this.#done = done;
  }

  /** Whether another reader would still get the whole answer. */
  get isJoinable(): boolean {
    return this.#end === undefined && this.#events <= maxHeldEvents;
  }

  /**
   * The whole answer for one more reader, who must read it to its end or leave. `inherit` is called when it goes on
   * for this one, and from then on before each batch and the end.
   */
  join(signal: AbortSignal, inherit?: () => void): ModelStream {
    const reader = new FlightReader(this, signal, inherit);
    this.#readers.add(reader);
    return reader;
  }

  /** One batch for a reader; undefined at the end. Waits for the source when nobody has read so far yet. */
  async batch(index: number): Promise<Batch | undefined> {
    while (this.#batches.length <= index && this.#end === undefined) await this.#pull();
    const batch = this.#batches[index];
    if (batch === undefined && this.#end !== undefined && "error" in this.#end) throw this.#end.error;
    return batch;
  }

  /** A reader has gone; the last one closes the source. */
  async leave(reader: FlightReader): Promise<void> {
    const [first] = this.#readers;
    this.#readers.delete(reader);
    const [next] = this.#readers;
    if (next !== undefined) {
      // What has ended was paid for by whoever it ended for.
      if (first === reader && this.#end === undefined) next.becomeHeir();
      return;
    }
    if (this.#end === undefined) {
      const reason = new Error("Nobody waits for this answer any more.");
      this.#finish({ error: reason });
      this.#abort.abort(reason);
    }
    await this.#pulling;
    await this.#source?.return?.();
  }

  /** Resolves when there is one batch more, or the end. */
  #pull(): Promise<void> {
    this.#pulling ??= this.#step();
    return this.#pulling;
  }

  async #step(): Promise<void> {
    try {
      this.#source ??= this.#open(this.#abort.signal)[Symbol.asyncIterator]();
      const step = await this.#source.next();
      if (step.done === true) return this.#finish({});
      this.#batches.push(step.value);
      this.#events += step.value.length;
      if (step.value.at(-1)?.type === "finished") this.#finish({});
    } catch (error) {
      this.#finish({ error });
    } finally {
      this.#pulling = undefined;
    }
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#done();
  }
}

type Step = IteratorResult<Batch, undefined>;
const done: Step = { done: true, value: undefined };

/** One reader's place in the answer. */
class FlightReader implements AsyncIterableIterator<Batch, undefined> {
  readonly #flight: Flight;
  readonly #signal: AbortSignal;
  readonly #inherit: (() => void) | undefined;
  #isHeir = false;
  #index = 0;
  #isListening = false;
  #hasLeft = false;
  /** Ends the wait for a batch. */
  #rejectWait: ((reason: unknown) => void) | undefined;

  constructor(flight: Flight, signal: AbortSignal, inherit: (() => void) | undefined) {
    this.#flight = flight;
    this.#signal = signal;
    this.#inherit = inherit;
  }

  /** From now on the answer is this reader's. */
  becomeHeir(): void {
    this.#isHeir = true;
    this.#inherit?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (this.#hasLeft) return done;
    try {
      const batch = await this.#nextBatch();
      if (this.#isHeir) this.#inherit?.();
      if (batch?.at(-1)?.type === "finished" || batch === undefined) await this.return();
      return batch === undefined ? done : { done: false, value: batch };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<Step> {
    if (this.#hasLeft) return done;
    this.#hasLeft = true;
    if (this.#isListening) this.#signal.removeEventListener("abort", this.#giveUp);
    if (this.#isHeir) this.#inherit?.();
    await this.#flight.leave(this);
    return done;
  }

  /** Waits, but no longer than until the signal aborts; it is listened to once for the whole answer. */
  #nextBatch(): Promise<Batch | undefined> {
    if (!this.#isListening) {
      this.#isListening = true;
      this.#signal.addEventListener("abort", this.#giveUp, { once: true });
    }
    return new Promise((resolve, reject) => {
      this.#rejectWait = reject;
      if (this.#signal.aborted) return reject(this.#signal.reason);
      this.#flight.batch(this.#index++).then(resolve, reject);
    });
  }

  readonly #giveUp = (): void => this.#rejectWait?.(this.#signal.reason);
}
