import { TauError } from "@tau/core";
import type { ModelEvent, ModelFinished } from "@tau/core";

import type { ModelStream } from "./layer.ts";

type Batch = readonly ModelEvent[];
type Step = IteratorResult<Batch, unknown>;

/**
 * How a stream ended: with its last event, by throwing, or because its reader went away before.
 *
 * A reader that is cancelled while it waits sees the source throw the signal's reason: that is `failed`.
 */
export type StreamEnd =
  | { readonly kind: "finished"; readonly event: ModelFinished }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "left" };

/** What is done around a stream. */
export interface StreamWatch {
  /** Makes the stream, when it is first pulled. What it throws ends the stream, and `ended` hears of it. */
  readonly open: () => ModelStream | Promise<ModelStream>;
  /**
   * Sees each batch before the reader does, who waits for it if it takes time. What it throws ends the stream and closes
   * the source.
   */
  readonly seen?: (batch: Batch) => void | Promise<void>;
  /**
   * Called exactly once for a stream that was pulled, and never for another. Of a whole answer it hears before
   * the reader gets the last event, so that what it settles is settled by then. Is waited for, and must not fail.
   */
  readonly ended?: (end: StreamEnd) => void | Promise<void>;
}

/**
 * A stream that is opened when it is first pulled, and watched, at a fraction of what an async generator costs a
 * batch: when nothing watches, the source's own promises are handed on.
 */
export function watchStream(watch: StreamWatch): ModelStream {
  return new WatchedStream(watch);
}

const done: Step = { done: true, value: undefined };

class WatchedStream implements AsyncIterableIterator<Batch, unknown> {
  readonly #watch: StreamWatch;
  readonly #isWatched: boolean;
  #isPulled = false;
  /** Set while `open` takes its time. */
  #opening: Promise<AsyncIterator<Batch, unknown>> | undefined;
  #source: AsyncIterator<Batch, unknown> | undefined;
  /** `ended` was told. */
  #hasEnded = false;
  /** There is nothing more to read. */
  #isClosed = false;

  constructor(watch: StreamWatch) {
    this.#watch = watch;
    this.#isWatched = watch.seen !== undefined || watch.ended !== undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#isClosed) return Promise.resolve(done);
    if (this.#source === undefined) return this.#open();
    const step = this.#source.next();
    return this.#isWatched ? step.then(this.#passed, this.#failed) : step;
  }

  async return(): Promise<Step> {
    if (this.#isClosed) return done;
    this.#isClosed = true;
    if (!this.#isPulled) return done;
    try {
      // What is still being opened must be closed too.
      const source = this.#source ?? (await this.#opening?.catch(() => undefined));
      await source?.return?.();
    } finally {
      await this.#end({ kind: "left" });
    }
    return done;
  }

  /** Opens the source, at once where that can be, and pulls. */
  #open(): Promise<Step> {
    this.#isPulled = true;
    if (this.#opening === undefined) {
      let stream: ModelStream | Promise<ModelStream>;
      try {
        stream = this.#watch.open();
      } catch (error) {
        return this.#failed(error);
      }
      if (!(stream instanceof Promise)) {
        this.#source = stream[Symbol.asyncIterator]();
        return this.next();
      }
      this.#opening = stream.then((opened) => (this.#source = opened[Symbol.asyncIterator]()));
    }
    return this.#opening.then(() => this.next(), this.#failed);
  }

  readonly #passed = (step: Step): Step | Promise<Step> => {
    // Left while it waited: whoever still asks gets nothing more.
    if (this.#isClosed) return done;
    if (step.done === true) return this.#hasEnded ? done : this.#failed(truncated());
    try {
      const seeing = this.#watch.seen?.(step.value);
      if (seeing instanceof Promise) {
        return seeing.then(
          () => this.#handOn(step),
          (error: unknown) => this.#close(error),
        );
      }
    } catch (error) {
      return this.#close(error);
    }
    return this.#handOn(step);
  };

  #handOn(step: IteratorYieldResult<Batch>): Step | Promise<Step> {
    const last = step.value.at(-1);
    if (last?.type !== "finished") return step;
    const settling = this.#end({ kind: "finished", event: last });
    return settling === undefined ? step : settling.then(() => step);
  }

  readonly #failed = async (error: unknown): Promise<never> => {
    this.#isClosed = true;
    await this.#end({ kind: "failed", error });
    throw error;
  };

  /** Closes the source because of `error`, which wins over what closing throws. */
  async #close(error: unknown): Promise<never> {
    try {
      await this.#source?.return?.();
    } catch {
      // The reader hears of the first failure.
    }
    return await this.#failed(error);
  }

  #end(end: StreamEnd): Promise<void> | undefined {
    if (this.#hasEnded) return undefined;
    this.#hasEnded = true;
    return this.#watch.ended?.(end) ?? undefined;
  }
}

function truncated(): TauError {
  return new TauError("model.truncated", "The model ended its answer without saying so.", {
    class: "retryable",
  });
}
