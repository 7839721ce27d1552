import type { ModelEvent } from "@tau/core";

type Batch = readonly ModelEvent[];
type Step = IteratorResult<Batch, unknown>;

/**
 * Pulls the first batch of a stream and gives the stream as it was, that batch included. Until then nobody has heard
 * anything, so what the first pull throws can still be answered by another stream.
 */
export async function beginStream(stream: AsyncIterable<Batch>): Promise<AsyncIterable<Batch>> {
  const source: AsyncIterator<Batch, unknown> = stream[Symbol.asyncIterator]();
  return new BegunStream(source, await source.next());
}

/** Costs one call a batch: the source's own promises are handed on. */
class BegunStream implements AsyncIterableIterator<Batch, unknown> {
  readonly #source: AsyncIterator<Batch, unknown>;
  #first: Step | undefined;

  constructor(source: AsyncIterator<Batch, unknown>, first: Step) {
    this.#source = source;
    this.#first = first;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    const first = this.#first;
    if (first === undefined) return this.#source.next();
    this.#first = undefined;
    return Promise.resolve(first);
  }

  async return(): Promise<Step> {
    this.#first = undefined;
    await this.#source.return?.();
    return { done: true, value: undefined };
  }
}
