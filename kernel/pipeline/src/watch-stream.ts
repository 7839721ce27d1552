import { TauError } from "@tau/core";
import type { ModelEvent } from "@tau/core";

import type { ModelStream } from "./layer.ts";
import type { StreamEnd, StreamWatch } from "./stream-watch.ts";

type Batch = readonly ModelEvent[];
type Step = IteratorResult<Batch, unknown>;

const done: Step = { done: true, value: undefined };
const over = Promise.resolve(done);

/**
 * A stream that is opened when it is first pulled, and watched.
 *
 * Watched streams that are opened by watched streams become one: whoever pulls the outermost pulls the source, and each
 * batch passes all watches by function calls. So a layer costs a batch neither a promise nor an async generator.
 */
export function watchStream(watch: StreamWatch): ModelStream {
  return new WatchedStream(watch);
}

/**
 * A stream and, once a pump has taken it, one watch of that pump. Watches come in as many shapes as there are layers, and
 * looking something up in any of many shapes is slow: so each of their functions is looked up here, once.
 */
class WatchedStream implements AsyncIterableIterator<Batch, unknown> {
  readonly open: StreamWatch["open"];
  readonly instead: StreamWatch["instead"];
  readonly seen: StreamWatch["seen"];
  readonly change: StreamWatch["change"];
  readonly ended: StreamWatch["ended"];
  /** It let a batch pass: nothing can take the place of its stream any more. */
  hasBegun = false;
  /** Its `ended` was told. */
  hasEnded = false;
  #pump: StreamPump | undefined;
  /** Left before it was pulled, or a part of the stream around it. */
  #isTaken = false;

  constructor({ open, instead, seen, change, ended }: StreamWatch) {
    this.open = open;
    this.instead = instead;
    this.seen = seen;
    this.change = change;
    this.ended = ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#pump !== undefined) return this.#pump.next();
    if (!this.take()) return over;
    this.#pump = new StreamPump();
    return this.#pump.enter(this);
  }

  return(): Promise<Step> {
    this.#isTaken = true;
    return this.#pump?.close() ?? over;
  }

  /** For whoever will pull it: tells whether it is still to be had. */
  take(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    return true;
  }

  /** Only what does something to a stream needs to stand in its way. */
  get isWatching(): boolean {
    return (
      this.seen !== undefined ||
      this.change !== undefined ||
      this.ended !== undefined ||
      this.instead !== undefined
    );
  }
}

/**
 * Pulls one source for all watches around it.
 *
 * - P1. Batches, failures and the end pass the watches from the inside out.
 * - P2. What a watch throws closes the source, and those inside of it hear that they were left.
 * - P3. Every watch that was entered hears of its end once.
 */
class StreamPump {
  /** From the outside in; those that only open are left out. */
  readonly #frames: WatchedStream[] = [];
  #source: AsyncIterator<Batch, unknown> | undefined;
  /** Set while a stream takes its time to be opened. */
  #opening: Promise<ModelStream> | undefined;
  /** There is nothing more to read. */
  #isClosed = false;

  /** Opens what a watch opens, and so on down to the source; then pulls. */
  enter(frame: WatchedStream): Promise<Step> {
    if (frame.isWatching) this.#frames.push(frame);
    try {
      const opened = frame.open();
      return opened instanceof Promise ? this.#readLater(opened) : this.#read(opened);
    } catch (error) {
      return this.#failed(error);
    }
  }

  next(): Promise<Step> {
    if (this.#isClosed || this.#source === undefined) return over;
    const step = this.#source.next();
    return this.#frames.length === 0 ? step : step.then(this.#passed, this.#failed);
  }

  /** The reader leaves. What is still being opened is closed, too. */
  close(): Promise<Step> {
    if (this.#isClosed) return over;
    this.#isClosed = true;
    // After a whole answer nobody has to be told: the source is closed, and that is all.
    if (this.#frames[0]?.hasEnded !== true) return this.#leave();
    return this.#source?.return?.().then(() => done) ?? over;
  }

  async #leave(): Promise<Step> {
    try {
      const opened = await this.#opening?.catch(() => undefined);
      await (this.#source ?? opened?.[Symbol.asyncIterator]())?.return?.();
    } finally {
      await this.#leaveInside(-1);
    }
    return done;
  }

  #read(stream: ModelStream): Promise<Step> {
    if (stream instanceof WatchedStream && stream.take()) return this.enter(stream);
    this.#source = stream[Symbol.asyncIterator]();
    return this.next();
  }

  #readLater(opening: Promise<ModelStream>): Promise<Step> {
    this.#opening = opening;
    return opening.then((stream) => {
      this.#opening = undefined;
      return this.#isClosed ? done : this.#read(stream);
    }, this.#failed);
  }

  readonly #passed = (step: Step): Step | Promise<Step> => {
    // Left while it waited: whoever still asks gets nothing more.
    if (this.#isClosed) return done;
    if (step.done !== true) return this.#pass(step.value, this.#frames.length - 1);
    return this.#frames[0]?.hasEnded === true ? done : this.#failed(truncated());
  };

  /** Hands a batch outwards, from one watch on. */
  #pass(batch: Batch, index: number): Step | Promise<Step> {
    const frame = this.#frames[index];
    if (frame === undefined) return { done: false, value: batch };
    let looked: Batch | Promise<Batch>;
    try {
      looked = look(frame, batch);
    } catch (error) {
      return this.#broke(error, index);
    }
    return looked instanceof Promise
      ? this.#passLater(looked, frame, index)
      : this.#passOn(looked, frame, index);
  }

  #passLater(looking: Promise<Batch>, frame: WatchedStream, index: number): Promise<Step> {
    return looking.then(
      (batch) => this.#passOn(batch, frame, index),
      (error: unknown) => this.#broke(error, index),
    );
  }

  /** A watch is done with a batch: it is the next one's. */
  #passOn(batch: Batch, frame: WatchedStream, index: number): Step | Promise<Step> {
    const last = batch.at(-1);
    if (last === undefined) return this.next();
    frame.hasBegun = true;
    const ending = last.type === "finished" ? endOf(frame, { kind: "finished", event: last }) : undefined;
    return ending === undefined ? this.#pass(batch, index - 1) : this.#passAfter(ending, batch, index - 1);
  }

  async #passAfter(ending: Promise<void>, batch: Batch, index: number): Promise<Step> {
    await ending;
    return await this.#pass(batch, index);
  }

  /** A watch threw: what is inside of it is left, and its own stream has failed. */
  async #broke(error: unknown, index: number): Promise<Step> {
    const source = this.#source;
    this.#source = undefined;
    try {
      await source?.return?.();
    } catch {
      // The reader hears of the first failure.
    }
    await this.#leaveInside(index);
    return await this.#failed(error);
  }

  /** Tells the failure outwards, until a watch has another stream. */
  readonly #failed = async (error: unknown): Promise<Step> => {
    // Whoever left tells the watches.
    if (this.#isClosed) throw error;
    let thrown = error;
    this.#source = undefined;
    this.#opening = undefined;
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      try {
        const other = frame.hasBegun ? undefined : frame.instead?.(thrown);
        if (other instanceof Promise) this.#opening = other;
        const stream = await other;
        this.#opening = undefined;
        if (this.#isClosed) return done;
        if (stream !== undefined) return this.#read(stream);
      } catch (again) {
        if (this.#isClosed) throw again;
        thrown = again;
      }
      this.#opening = undefined;
      await endOf(frame, { kind: "failed", error: thrown });
      this.#frames.pop();
    }
    this.#isClosed = true;
    throw thrown;
  };

  /** Tells all watches inside of one, from the inside out, that they were left. */
  async #leaveInside(index: number): Promise<void> {
    // After a whole answer all of them have heard.
    if (this.#frames.at(index + 1)?.hasEnded === true) return;
    for (const frame of this.#frames.splice(index + 1).toReversed()) await endOf(frame, { kind: "left" });
  }
}

function look(frame: WatchedStream, batch: Batch): Batch | Promise<Batch> {
  const seeing = frame.seen?.(batch);
  if (seeing instanceof Promise) return lookLater(seeing, frame, batch);
  return frame.change === undefined ? batch : frame.change(batch);
}

async function lookLater(seeing: Promise<void>, frame: WatchedStream, batch: Batch): Promise<Batch> {
  await seeing;
  return frame.change === undefined ? batch : frame.change(batch);
}

function endOf(frame: WatchedStream, end: StreamEnd): Promise<void> | undefined {
  if (frame.hasEnded) return undefined;
  frame.hasEnded = true;
  return frame.ended?.(end) ?? undefined;
}

function truncated(): TauError {
  return new TauError("model.truncated", "The model ended its answer without saying so.", {
    class: "retryable",
  });
}
