import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

import type { TauError } from "@tau/core";
import { journalClosed } from "@tau/runtime";
import type { StreamAppend } from "@tau/runtime";

import { parkWorker, takeWorker } from "./database-worker.ts";
import { Outbox } from "./outbox.ts";
import type { AppendDone, Outgoing } from "./outbox.ts";
import { placeAppend } from "./placed-append.ts";
import { isWrite } from "./protocol.ts";
import type { Answers, Operation, Refusal, Reply, ReplyMessage } from "./protocol.ts";
import { notAnswering, overloaded, threadEnded, tooLarge, toTauError } from "./store-errors.ts";

/** Options of {@link DatabaseClient}. */
export interface DatabaseClientOptions {
  readonly directory: string;
  /** How long a transaction waits for one of another process. */
  readonly lockTimeoutMs: number;
  /** How long closing waits for the thread. */
  readonly closeTimeoutMs: number;
}

// Two batches: the thread finds the next one when it has finished one. More would only make them smaller.
const writeLimits = { batches: 2, items: 4_096, size: 4_194_304 };
// Few reads at a time, because a commit waits for those that were begun before it.
const readLimits = { batches: 1, items: 16, size: 4_194_304 };

const maxWaiting = { items: 100_000, size: 67_108_864 };

// SQLite takes a billion bytes a value. What comes near it does not belong into one row.
const maxAppendCharacters = 67_108_864;
const maxBodyBytes = 268_435_456;

/**
 * Talks to the database thread.
 *
 * - D1. Everything that is asked is answered: when the thread ends, all that waits is refused, and all that is
 *   asked later.
 * - D2. Appends are carried out in the order of the calls. A read does not wait for appends that nobody awaited.
 * - D3. What waits is bounded: beyond that calls are refused with `store.overloaded`, and nothing is written.
 */
export class DatabaseClient {
  readonly #options: DatabaseClientOptions;
  readonly #worker: Worker;
  readonly #writes = new Outbox("writes", writeLimits);
  readonly #reads = new Outbox("reads", readLimits);
  #busy = false;
  #scheduled = false;
  #refusal: TauError | undefined;
  #ended: TauError | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(options: DatabaseClientOptions) {
    this.#options = options;
    this.#worker = takeWorker();
    this.#worker.on("message", (message: ReplyMessage) => this.#settle(message));
    this.#worker.on("messageerror", (error) => this.#end(threadEnded(error)));
    this.#worker.on("error", (error) => this.#end(threadEnded(error)));
    this.#worker.on("exit", () => this.#end(threadEnded(undefined)));
  }

  /** Takes a thread and opens the store in it. */
  static async open(options: DatabaseClientOptions): Promise<DatabaseClient> {
    const client = new DatabaseClient(options);
    const { directory, lockTimeoutMs } = options;
    await client.ask({ op: "open", directory, lockTimeoutMs });
    return client;
  }

  /** Adds events to streams of one tenant. Throws what can be said at once; the rest is told to `done`. */
  append(streams: readonly StreamAppend[], done: AppendDone): void {
    const size = sizeOf(streams);
    if (size > maxAppendCharacters) throw toTauError(tooLarge("The append", "64 Mi characters"));
    this.#assertRoom(this.#writes, size);
    const { appends, appendsDone } = this.#writes.batchFor(size);
    placeAppend(appends, streams);
    appendsDone.push(done);
    this.#schedule();
  }

  /** Carries out an operation. */
  async ask<Op extends Operation["op"]>(
    operation: Extract<Operation, { readonly op: Op }>,
  ): Promise<Answers[Op]> {
    const outbox = isWrite(operation) ? this.#writes : this.#reads;
    const size = operationSize(operation);
    if (size > maxBodyBytes) throw toTauError(tooLarge("The body", "256 MiB"));
    this.#assertRoom(outbox, size);
    return await this.#post(outbox, operation, size);
  }

  /**
   * Refuses new calls, finishes those under way, closes the files and gives up the thread.
   *
   * @throws TauError `store.not_answering`
   */
  async close(): Promise<void> {
    if (this.#refusal !== undefined) return;
    this.#refusal = journalClosed();
    const { closeTimeoutMs } = this.#options;
    const inTime = new AbortController();
    const late = wait(closeTimeoutMs, undefined, { signal: inTime.signal }).then(
      () => this.#end(notAnswering(closeTimeoutMs)),
      () => undefined,
    );
    await Promise.race([this.#closeFiles(), late]);
    inTime.abort();
    if (this.#ended !== undefined) throw this.#ended;
    await parkWorker(this.#worker);
  }

  async #closeFiles(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    // It is refused when the thread ends, which `close` tells.
    if (this.#ended === undefined) await this.#post(this.#reads, { op: "close" }, 0).catch(() => null);
  }

  #assertRoom(outbox: Outbox, size: number): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    const isFull = outbox.items >= maxWaiting.items || outbox.size + size > maxWaiting.size;
    // What is alone always fits.
    if (isFull && outbox.items > 0) throw toTauError(overloaded());
  }

  #post<Op extends Operation["op"]>(
    outbox: Outbox,
    operation: Extract<Operation, { readonly op: Op }>,
    size: number,
  ): Promise<Answers[Op]> {
    return new Promise((resolve, reject) => {
      const { operations, operationsDone } = outbox.batchFor(size);
      operations.push(operation);
      operationsDone.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** Sends what was asked without waiting for what else may be asked, for who is about to work for long. */
  sendNow(): void {
    this.#send();
  }

  /** What is asked in one turn of the event loop travels together. */
  #schedule(): void {
    if (!this.#busy) this.#worker.ref();
    this.#busy = true;
    if (!this.#scheduled) setImmediate(this.#send);
    this.#scheduled = true;
  }

  readonly #send = (): void => {
    this.#scheduled = false;
    if (this.#ended !== undefined) return;
    for (const outbox of [this.#writes, this.#reads]) {
      for (let batch = outbox.next(); batch !== undefined; batch = outbox.next()) {
        const { id, kind, appends, operations } = batch;
        if (operations.length === 0) this.#worker.postMessage(appends);
        else this.#worker.postMessage({ id, kind, appends, operations }, bodiesOf(batch));
      }
    }
  };

  #settle(message: ReplyMessage): void {
    const isReply = typeof message !== "number";
    const outbox = isReply && message.kind === "reads" ? this.#reads : this.#writes;
    const batch = outbox.answered(isReply ? message.id : message);
    if (batch === undefined) return;
    if (isReply) settleBatch(batch, message);
    else for (const done of batch.appendsDone) done(undefined);
    if (this.#writes.isEmpty && this.#reads.isEmpty) this.#rest();
    else this.#schedule();
  }

  #rest(): void {
    this.#busy = false;
    this.#worker.unref();
    this.#onIdle?.();
  }

  /** Refuses everything that waits, and that is asked from now on. */
  #end(refusal: Refusal): void {
    if (this.#ended !== undefined) return;
    const error = toTauError(refusal);
    this.#ended = error;
    this.#refusal ??= error;
    for (const { appendsDone, operationsDone } of [...this.#writes.drain(), ...this.#reads.drain()]) {
      for (const done of appendsDone) done(error);
      for (const { reject } of operationsDone) reject(error);
    }
    this.#rest();
    // A thread that hangs in the disk ends when the disk answers; nobody waits for that.
    this.#worker.terminate().catch(() => undefined);
  }
}

function settleBatch({ appendsDone, operationsDone }: Outgoing, { refused, outcomes }: Reply): void {
  appendsDone.forEach((done, place) => {
    const refusal = refused.get(place);
    done(refusal === undefined ? undefined : toTauError(refusal));
  });
  operationsDone.forEach(({ resolve, reject }, place) => {
    const outcome = outcomes[place];
    if (outcome === undefined) reject(new TypeError("The database thread left out an answer."));
    else if ("refusal" in outcome) reject(toTauError(outcome.refusal));
    else resolve(outcome.answer);
  });
}

/** Memory that an append takes: its characters, and something for each event. */
function sizeOf(streams: readonly StreamAppend[]): number {
  let size = 0;
  for (const { events } of streams) {
    size += 100;
    for (const { type, version, at, body } of events) {
      const whole = Number.isSafeInteger(version) && Number.isSafeInteger(at);
      if (!whole || typeof type !== "string" || typeof body !== "string") {
        throw new TypeError("An event needs type and body as strings, version and at as whole numbers.");
      }
      size += 100 + type.length + body.length;
    }
  }
  return size;
}

function operationSize(operation: Operation): number {
  if (operation.op === "put_content") return operation.data.byteLength;
  if (operation.op === "answer_put") return operation.stored.answer.length;
  if (operation.op === "memory_save") return operation.text.length;
  if (operation.op === "memory_index")
    return operation.put.reduce((sum, { body, bodyWords }) => sum + body.length + bodyWords.length, 100);
  return operation.op === "save_checkpoint" ? operation.state.length : 100;
}

/** Bodies that are handed over instead of copied; whoever asked made them for that. */
function bodiesOf({ operations }: Outgoing): readonly ArrayBuffer[] {
  return operations.flatMap((operation) => (operation.op === "put_content" ? [operation.data.buffer] : []));
}
