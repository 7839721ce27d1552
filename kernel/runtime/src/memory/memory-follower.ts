import { offAbort, onAbort } from "@tau/core";
import type { FewSet } from "@tau/core";

import type { StoredEvent } from "../journal.ts";

/** A stream in memory, as its followers see it. */
export interface FollowedStream {
  readonly events: readonly StoredEvent[];
  readonly followers: FewSet<MemoryFollower>;
}

type Step = IteratorResult<readonly StoredEvent[], undefined>;

/** Answers who asked for a batch. Of a failure it is told by a rejected promise: one function less that every follower holds. */
type Reader = (step: Step | Promise<never>) => void;

const batchSize = 500;
const noEvents: readonly StoredEvent[] = [];

/** The events of a stream from `next` on, at most 500 of them. */
export function pageOf(events: readonly StoredEvent[], next: number): readonly StoredEvent[] {
  return next > events.length ? noEvents : events.slice(next - 1, next - 1 + batchSize);
}

/** Follows a stream for one reader. Written by hand: it wakes at every append, and an async generator wakes slowly. */
export class MemoryFollower implements AsyncIterableIterator<readonly StoredEvent[], undefined> {
  /** Until it was called. */
  #open: (() => FollowedStream) | undefined;
  readonly #signal: AbortSignal;
  #next: number;
  #stream: FollowedStream | undefined;
  #reader: Reader | undefined;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  /** `open` is called when the first batch is asked for; what it throws, the reader gets. */
  constructor(open: () => FollowedStream, from: number, signal: AbortSignal) {
    this.#open = open;
    this.#next = Math.max(1, from);
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (!this.#ended && this.#stream === undefined) this.#begin();
    const page = this.#ended ? noEvents : this.#page();
    if (page.length > 0) {
      this.#next += page.length;
      return Promise.resolve({ done: false, value: page });
    }
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.wake();
    });
  }

  async return(): Promise<Step> {
    this.#end();
    this.wake();
    return { done: true, value: undefined };
  }

  /** Hands the reader what there is for it; `told` are the events that were just appended. */
  wake(told: readonly StoredEvent[] = noEvents): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const batch = this.#ended ? noEvents : told[0]?.seq === this.#next ? told : this.#page();
    if (batch.length === 0 && !this.#ended) return;
    this.#reader = undefined;
    this.#next += batch.length;
    const failure = this.#failure;
    this.#failure = undefined;
    if (batch.length > 0) reader({ done: false, value: batch });
    else reader(failure === undefined ? { done: true, value: undefined } : Promise.reject(failure.error));
  }

  /** Ends with `error`, which the reader gets now or when it asks. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = { error };
    this.#end();
    this.wake();
  }

  /** For the signal. */
  aborted(): void {
    this.fail(this.#signal.reason);
  }

  #page(): readonly StoredEvent[] {
    return this.#stream === undefined ? noEvents : pageOf(this.#stream.events, this.#next);
  }

  #begin(): void {
    try {
      this.#signal.throwIfAborted();
      this.#stream = this.#open?.();
      this.#open = undefined;
      this.#stream?.followers.add(this);
      onAbort(this.#signal, this);
    } catch (error) {
      this.fail(error);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#stream?.followers.delete(this);
    offAbort(this.#signal, this);
  }
}
