import type { ModelEvent } from "@tau/core";

import type { WireExchange } from "./wire-exchange.ts";

type Batch = IteratorResult<readonly ModelEvent[], undefined>;

/**
 * The stream of one call, for one reader; the call is made when the first batch is asked for. Written by hand:
 * an async generator would cost every batch three more turns of the queue.
 */
export class WireStream implements AsyncIterableIterator<readonly ModelEvent[], undefined> {
  /** May throw what it would reject with. Until it was called: it holds the request, which may be long. */
  #open: (() => Promise<WireExchange>) | undefined;
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

  #begin(): Promise<Batch> {
    const open = this.#open;
    this.#open = undefined;
    if (this.#left || open === undefined) return Promise.resolve({ done: true, value: undefined });
    try {
      return open().then(
        (exchange) => this.#begun(exchange),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  #begun(exchange: WireExchange): Promise<Batch> {
    this.#exchange = exchange;
    if (this.#left) exchange.close();
    return exchange.next();
  }

  #failed(error: unknown): Promise<never> {
    this.#left = true;
    return Promise.reject(error);
  }
}
