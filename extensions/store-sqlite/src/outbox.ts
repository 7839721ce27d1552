import type { Batch, Operation, Plain } from "./protocol.ts";

/** Told what became of an append; nothing when it is durable. */
export type AppendDone = (failure: Error | undefined) => void;

/** Told what became of an operation. */
export interface OperationDone {
  /** A method, so that it takes the answer of one operation where any may come: its place says which it is. */
  resolve(answer: unknown): void;
  reject(failure: Error): void;
}

/** A batch on its way, and who waits for it. */
export interface Outgoing extends Batch {
  readonly appends: [id: number, ...Plain[]];
  readonly operations: Operation[];
  readonly appendsDone: AppendDone[];
  readonly operationsDone: OperationDone[];
  /** Memory, in characters or bytes. */
  size: number;
}

/** How much goes together. */
export interface OutboxLimits {
  /** Batches that the thread may hold at once. */
  readonly batches: number;
  /** Calls, and memory, of one batch. */
  readonly items: number;
  readonly size: number;
}

/** Collects calls into batches, and lets only so many of them be on their way. */
export class Outbox {
  readonly #kind: Batch["kind"];
  readonly #limits: OutboxLimits;
  readonly #waiting: Outgoing[] = [];
  readonly #sent = new Map<number, Outgoing>();
  #lastId = 0;

  constructor(kind: Batch["kind"], limits: OutboxLimits) {
    this.#kind = kind;
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#sent.size === 0;
  }

  /** Calls and memory that are not answered yet. */
  items = 0;
  size = 0;

  /** The batch that takes the next call of this size. */
  batchFor(size: number): Outgoing {
    this.items += 1;
    this.size += size;
    const last = this.#waiting.at(-1);
    if (last !== undefined && this.#hasRoom(last, size)) {
      last.size += size;
      return last;
    }
    const id = ++this.#lastId;
    const made: Outgoing = {
      id,
      kind: this.#kind,
      appends: [id],
      operations: [],
      appendsDone: [],
      operationsDone: [],
      size,
    };
    this.#waiting.push(made);
    return made;
  }

  /** The next batch to send; undefined when there is none, or when enough are on their way. */
  next(): Outgoing | undefined {
    if (this.#sent.size >= this.#limits.batches) return undefined;
    const batch = this.#waiting.shift();
    if (batch !== undefined) this.#sent.set(batch.id, batch);
    return batch;
  }

  /** Takes back a batch that was answered. */
  answered(id: number): Outgoing | undefined {
    const batch = this.#sent.get(id);
    if (batch !== undefined) this.#forget(batch);
    this.#sent.delete(id);
    return batch;
  }

  /** Takes back everything: no answer will come. */
  drain(): readonly Outgoing[] {
    const all = [...this.#sent.values(), ...this.#waiting];
    for (const batch of all) this.#forget(batch);
    this.#sent.clear();
    this.#waiting.length = 0;
    return all;
  }

  #hasRoom(batch: Outgoing, size: number): boolean {
    const items = batch.appendsDone.length + batch.operationsDone.length;
    return items < this.#limits.items && batch.size + size <= this.#limits.size;
  }

  #forget({ appendsDone, operationsDone, size }: Outgoing): void {
    this.items -= appendsDone.length + operationsDone.length;
    this.size -= size;
  }
}
