import type { ModelEvent } from "@tau/core";

import type { WireExchange } from "./wire-exchange.ts";

type Batch = IteratorResult<readonly ModelEvent[], undefined>;

/**
 * The stream of one call, for one reader; the call is made when the first batch is asked for. Written by hand:
 * an async generator would cost every batch three more turns of the queue.
 */
export class WireStream implements AsyncIterableIterator<readonly ModelEvent[], undefined> {
  readonly #open: () => Promise<WireExchange>;
  #exchange: WireExchange | undefined;
  #left = false;

  constructor(open: () => Promise<WireExchange>) {
    this.#open = open;
  }

  next(): Promise<Batch> {
    return this.#exchange?.next() ?? this.#begin();
  }

  async return(): Promise<Batch> {
    this.#left = true;
    this.#exchange?.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(): Promise<Batch> {
    if (this.#left) return { done: true, value: undefined };
    try {
      this.#exchange = await this.#open();
    } catch (error) {
      this.#left = true;
      throw error;
    }
    if (this.#left) this.#exchange.close();
    return await this.#exchange.next();
  }
}
