import { offAbort, onAbort } from "@tau/core";
import type { StoredEvent, StreamId } from "@tau/runtime";

import { Inbox } from "./inbox.ts";

/** What a {@link Follower} needs of its journal. */
export interface FollowerHost {
  /** Begins to tell the follower what happens; answers what comes first, undefined when it is to be read. */
  add(follower: Follower, next: number): readonly StoredEvent[] | undefined;
  remove(follower: Follower): void;
  /** Reads a page from `next` on. */
  read(id: StreamId, next: number): Promise<Page>;
}

/** Events that were read, and whether more follow. */
export interface Page {
  readonly events: readonly StoredEvent[];
  readonly more: boolean;
}

type Step = IteratorResult<readonly StoredEvent[], undefined>;

/** Answers who asked for a batch. Of a failure it is told by a rejected promise: one function less that every follower holds. */
type Reader = (step: Step | Promise<never>) => void;

const noEvents: readonly StoredEvent[] = [];

/** Follows a stream for one reader. Written by hand: it wakes at every append, and an async generator wakes slowly. */
export class Follower implements AsyncIterableIterator<readonly StoredEvent[], undefined> {
  readonly id: StreamId;
  readonly #host: FollowerHost;
  readonly #signal: AbortSignal;
  readonly #inbox = new Inbox();
  #next: number;
  #first: readonly StoredEvent[] | undefined = noEvents;
  #begun = false;
  #reader: Reader | undefined;
  /** Whether a page is being read. */
  #reading = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    host: FollowerHost,
    { id, from }: { readonly id: StreamId; readonly from: number },
    signal: AbortSignal,
  ) {
    this.id = id;
    this.#host = host;
    this.#signal = signal;
    this.#next = Math.max(1, from);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (!this.#begun) this.#begin();
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#serve();
    });
  }

  async return(): Promise<Step> {
    this.#end();
    this.#serve();
    return { done: true, value: undefined };
  }

  /** Hands over durable events that this process wrote. */
  put(events: readonly StoredEvent[]): void {
    this.#inbox.put(events);
    this.#serve();
  }

  /** Notes that there may be events which this process did not write. */
  lookAgain(): void {
    this.#inbox.lookAgain();
    this.#serve();
  }

  /** For the signal. */
  aborted(): void {
    this.fail(this.#signal.reason);
  }

  /** Ends with `error`, which the reader gets now or when it asks. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = { error };
    this.#end();
    this.#serve();
  }

  #begin(): void {
    this.#begun = true;
    try {
      this.#signal.throwIfAborted();
      this.#first = this.#host.add(this, this.#next);
      onAbort(this.#signal, this);
    } catch (error) {
      this.fail(error);
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    offAbort(this.#signal, this);
    this.#host.remove(this);
  }

  /** Gives the reader what there is for it. */
  #serve(): void {
    const reader = this.#reader;
    if (reader === undefined || (this.#reading && !this.#ended)) return;
    if (this.#ended) {
      this.#settle(reader);
      return;
    }
    const batch = this.#take();
    if (batch === undefined) this.#read();
    else if (batch.length > 0) this.#give(reader, batch);
  }

  #take(): readonly StoredEvent[] | undefined {
    const first = this.#first;
    this.#first = noEvents;
    return first?.length === 0 ? this.#inbox.take(this.#next) : first;
  }

  #give(reader: Reader, batch: readonly StoredEvent[]): void {
    this.#reader = undefined;
    this.#next += batch.length;
    reader({ done: false, value: batch });
  }

  #settle(reader: Reader): void {
    this.#reader = undefined;
    const failure = this.#failure;
    this.#failure = undefined;
    reader(failure === undefined ? { done: true, value: undefined } : Promise.reject(failure.error));
  }

  #read(): void {
    this.#reading = true;
    this.#host.read(this.id, this.#next).then(
      (page) => this.#took(page),
      (error: unknown) => {
        this.#reading = false;
        this.fail(error);
      },
    );
  }

  #took({ events, more }: Page): void {
    this.#reading = false;
    // The rest is read when it is asked for.
    if (more) this.#first = undefined;
    if (events.length > 0 && this.#reader !== undefined && !this.#ended) this.#give(this.#reader, events);
    else this.#serve();
  }
}
