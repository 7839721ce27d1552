import { createAbortSource, offAbort, onAbort } from "@tau/core";
import type { ModelEvent } from "@tau/core";

import type { ModelStream } from "../layer.ts";

type Batch = readonly ModelEvent[];
type Step = IteratorResult<Batch, unknown>;

/** Beyond this an answer that streams takes no further readers, so that its beginning need not be held for them. */
const maxHeldEvents = 20_000;

const over: Step = { done: true, value: undefined };
const gone = Promise.resolve(over);

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
  readonly #abort = createAbortSource();
  readonly #batches: Batch[] = [];
  #source: AsyncIterator<Batch, unknown> | undefined;
  #pulling: Promise<void> | undefined;
  #end: { readonly error?: unknown } | undefined;
  /** In the order in which they joined: it goes on for the first. */
  readonly #readers: FlightReader[] = [];
  /** Readers who have read all that there is. */
  #waiting: FlightReader[] = [];
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
    this.#readers.push(reader);
    return reader;
  }

  /** Gives a reader the next batch, or the end: now or when it is there. */
  serve(reader: FlightReader, index: number): void {
    const batch = this.#batches[index];
    if (batch !== undefined) return reader.take(batch);
    if (this.#end !== undefined) return reader.stop(this.#end);
    this.#waiting.push(reader);
    this.#pull();
  }

  /** A reader has gone; the last one closes the source, which may take its time. */
  leave(reader: FlightReader): Promise<unknown> | undefined {
    if (this.#readers.length > 1) {
      this.#leaveToOthers(reader);
      return undefined;
    }
    this.#forget(reader);
    if (this.#end === undefined) {
      const reason = new Error("Nobody waits for this answer any more.");
      this.#finish({ error: reason });
      this.#abort.abort(reason);
    }
    if (this.#pulling !== undefined) return this.#pulling.then(() => this.#source?.return?.());
    return this.#source?.return?.();
  }

  #leaveToOthers(reader: FlightReader): void {
    const [first, second] = this.#readers;
    this.#forget(reader);
    // What has ended was paid for by whoever it ended for.
    if (first === reader && this.#end === undefined) second?.becomeHeir();
  }

  #forget(reader: FlightReader): void {
    const place = this.#readers.indexOf(reader);
    if (place === this.#readers.length - 1) this.#readers.pop();
    else if (place !== -1) this.#readers.splice(place, 1);
  }

  #pull(): void {
    if (this.#pulling !== undefined) return;
    try {
      this.#source ??= this.#open(this.#abort.signal)[Symbol.asyncIterator]();
      this.#pulling = this.#source.next().then(this.#arrived, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #arrived = (step: Step): void => {
    this.#pulling = undefined;
    if (step.done !== true) {
      this.#batches.push(step.value);
      this.#events += step.value.length;
    }
    if (step.done === true || step.value.at(-1)?.type === "finished") this.#finish({});
    this.#serveWaiting();
  };

  readonly #failed = (error: unknown): void => {
    this.#pulling = undefined;
    this.#finish({ error });
    this.#serveWaiting();
  };

  #serveWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) reader.serve();
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#done();
  }
}

/** How a reader that waits is answered. */
type Wait = Pick<PromiseWithResolvers<Step>, "resolve" | "reject">;

/** One reader's place in the answer. */
class FlightReader implements AsyncIterableIterator<Batch, unknown> {
  readonly #flight: Flight;
  readonly #signal: AbortSignal;
  readonly #inherit: (() => void) | undefined;
  #isHeir = false;
  #index = 0;
  #isListening = false;
  /** Set when it has left: until everything is given back. */
  #leaving: Promise<Step> | undefined;
  #wait: Wait | undefined;

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

  /** Waits, but no longer than until the signal aborts; it is listened to once for the whole answer. */
  next(): Promise<Step> {
    if (this.#leaving !== undefined) return this.#leaving;
    return new Promise((resolve, reject) => {
      this.#wait = { resolve, reject };
      if (this.#signal.aborted) return this.#giveUp();
      if (!this.#isListening) onAbort(this.#signal, this.#giveUp);
      this.#isListening = true;
      this.serve();
    });
  }

  return(): Promise<Step> {
    if (this.#leaving !== undefined) return this.#leaving;
    this.#endWait()?.resolve(over);
    return this.#leave();
  }

  /** Asks for what this reader waits for. */
  serve(): void {
    if (this.#wait !== undefined) this.#flight.serve(this, this.#index);
  }

  /** For the flight: the next batch. */
  take(value: Batch): void {
    this.#index++;
    if (this.#isHeir) this.#inherit?.();
    const wait = this.#endWait();
    if (value.at(-1)?.type !== "finished") return wait?.resolve({ done: false, value });
    // The answer is whole: whoever asks for more, or leaves, waits until its source is closed.
    this.#leave().catch(() => undefined);
    wait?.resolve({ done: false, value });
  }

  /** For the flight: there is nothing more. */
  stop(end: { readonly error?: unknown }): void {
    if (this.#isHeir) this.#inherit?.();
    this.#answerAfter(() => {
      if ("error" in end) throw end.error;
      return over;
    });
  }

  /** Whoever does not wait hears of it when asking for the next batch. */
  readonly #giveUp = (): void => {
    if (this.#wait === undefined) return;
    this.#answerAfter(() => {
      throw this.#signal.reason;
    });
  };

  /** Leaves, and answers whoever waited when everything is given back. */
  #answerAfter(answer: () => Step): void {
    const wait = this.#endWait();
    if (wait !== undefined) this.#leave().then(answer).then(wait.resolve, wait.reject);
  }

  #endWait(): Wait | undefined {
    const wait = this.#wait;
    this.#wait = undefined;
    return wait;
  }

  #leave(): Promise<Step> {
    if (this.#isListening) offAbort(this.#signal, this.#giveUp);
    if (this.#isHeir) this.#inherit?.();
    this.#leaving = this.#flight.leave(this)?.then(() => over) ?? gone;
    return this.#leaving;
  }
}
