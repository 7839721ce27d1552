import { assertTenant, TauError } from "@tau/core";
import type { CallContext, RunEvent, SessionEvent } from "@tau/core";

import type { Engine } from "./engine.ts";
import type { Journal, StoredEvent, StreamId } from "./journal.ts";
import type { LiveFeed, PlacedDelta } from "./live-feed.ts";
import type { AttachRequest, Runtime } from "./runtime.ts";
import type { SessionDirectory } from "./session-directory.ts";
import { sessionStream, toRecorded } from "./session-log.ts";

/** Fragments held for one listener; beyond that the oldest are dropped, the finished message has them all. */
const maxHeldDeltas = 4_096;

/** Collaborators of {@link createAttach}. */
export interface AttachHost {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly feed: LiveFeed;
  readonly directory: SessionDirectory;
}

/**
 * Makes the runtime's `attach`: events from the journal, and between them the fragments of this process.
 *
 * Invariants, cited by the tests:
 * - A1. Every event from the cursor on comes once, in order; a slow listener delays nobody.
 * - A2. A fragment comes after the event it follows, and never after the message it is part of.
 */
export function createAttach(host: AttachHost): Runtime["attach"] {
  return async function* attach(request, context) {
    assertTenant(context.tenant);
    checkCursor(request, await host.directory.version(request.sessionId, context));
    if (await endedJustBefore(host, request, context)) return;
    const held: PlacedDelta[] = [];
    const wake = createWaker();
    using _subscription = host.feed.subscribe(`${context.tenant}/${request.sessionId}`, (delta) => {
      if (held.length >= maxHeldDeltas) held.shift();
      held.push(delta);
      wake.now();
    });
    await using source = new EventSource(host, { request, context, wake });
    // One generator, not several that delegate: every layer would cost each batch three more turns of the queue.
    for (;;) {
      const deltas = takeDeltas(held, source.seq);
      if (deltas.length > 0) yield deltas;
      const batch = source.take();
      if (batch !== undefined) yield batch;
      else if (source.failure !== undefined) throw source.failure;
      else if (source.isOver) return;
      else if (takeableDeltas(held, source.seq) === 0) await wake.wait();
    }
  };
}

function checkCursor({ fromSeq }: AttachRequest, version: number): void {
  if (Number.isInteger(fromSeq) && fromSeq >= 1 && fromSeq <= version + 1) return;
  throw new TauError(
    "session.invalid_seq",
    `from_seq must be a whole number from 1 to ${version + 1}, one more than the session's newest event.`,
  );
}

/** Whether the cursor is where the run ended, as it is for who saw it end: then there is nothing to wait for. */
async function endedJustBefore(
  { journal }: AttachHost,
  request: AttachRequest,
  context: CallContext,
): Promise<boolean> {
  const { sessionId, fromSeq, untilRunEnds } = request;
  if (untilRunEnds === undefined || fromSeq === 1) return false;
  for await (const [stored] of journal.read(
    sessionStream(context.tenant, sessionId),
    fromSeq - 1,
    context.signal,
  )) {
    return stored !== undefined && isEnd(toRecorded(stored).event, request);
  }
  return false;
}

// One for all: making an abort's default reason costs a stack trace.
const listenerLeft = new Error("The listener left.");

/** The events of a session from a cursor on, one batch ahead of the listener. */
class EventSource implements AsyncDisposable {
  /** The last event handed over. */
  seq: number;
  done = false;
  failure: unknown;
  readonly #request: AttachRequest;
  readonly #wake: Waker;
  readonly #stop = new AbortController();
  readonly #events: AsyncIterator<readonly StoredEvent[]>;
  #batch: readonly RunEvent[] | undefined;
  #fetching: Promise<void>;
  readonly #asking: Promise<void>;
  /** The newest event of the session at a moment when the run was over, once that is known. */
  #overAt = Number.POSITIVE_INFINITY;

  constructor(host: AttachHost, { request, context, wake }: Listening) {
    this.#request = request;
    this.#wake = wake;
    this.seq = request.fromSeq - 1;
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    const id = sessionStream(context.tenant, request.sessionId);
    this.#events = host.journal.follow(id, request.fromSeq, signal)[Symbol.asyncIterator]();
    this.#fetching = this.#fetch();
    const mayBeOver = request.untilRunEnds !== undefined && request.fromSeq > 1;
    this.#asking = mayBeOver ? this.#ask(host, id, request.untilRunEnds) : Promise.resolve();
  }

  /** Whether the run's end was handed over, or lies before the cursor. */
  get isOver(): boolean {
    return this.done || this.seq >= this.#overAt;
  }

  /** The next batch, if there is one by now. */
  take(): readonly RunEvent[] | undefined {
    const batch = this.#batch;
    const last = batch?.at(-1);
    if (last?.kind !== "event") return undefined;
    this.seq = last.seq;
    this.#batch = undefined;
    if (!this.done) this.#fetching = this.#fetch();
    return batch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(listenerLeft);
    await this.#fetching;
    await this.#asking;
    await this.#events.return?.();
  }

  /** Asks the engine, which knows every run, whether this one is over: of an end before the cursor no event tells. */
  async #ask({ engine, journal }: AttachHost, id: StreamId, runId: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      await engine.result({ tenant: id.tenant, key: this.#request.sessionId, runId }, signal);
      this.#overAt = await journal.version(id);
      this.#wake.now();
    } catch {
      // Not handed in yet, or the engine stops: the events tell.
    }
  }

  async #fetch(): Promise<void> {
    try {
      const { value, done = false } = await this.#events.next();
      if (done) this.done = true;
      else this.#batch = this.#decode(value);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.failure = error;
    }
    this.#wake.now();
  }

  #decode(stored: readonly StoredEvent[]): readonly RunEvent[] {
    const events: RunEvent[] = [];
    for (const one of stored) {
      const { seq, at, event } = toRecorded(one);
      events.push({ kind: "event", seq, at, event });
      if (!isEnd(event, this.#request)) continue;
      this.done = true;
      break;
    }
    return events;
  }
}

interface Listening {
  readonly request: AttachRequest;
  readonly context: CallContext;
  readonly wake: Waker;
}

/** Fragments whose event has been handed over; those of finished messages are dropped. */
function takeDeltas(held: PlacedDelta[], seq: number): readonly RunEvent[] {
  const taken = held.splice(0, takeableDeltas(held, seq));
  return taken
    .filter((placed) => placed.afterSeq === seq || placed.delta.type === "tool_progress")
    .map(({ runId, delta }) => ({ kind: "delta", runId, delta }));
}

function takeableDeltas(held: readonly PlacedDelta[], seq: number): number {
  const waiting = held.findIndex((placed) => placed.afterSeq > seq);
  return waiting === -1 ? held.length : waiting;
}

function isEnd(event: SessionEvent, { untilRunEnds, untilRunWaits = false }: AttachRequest): boolean {
  if (event.type === "run_finished") return event.runId === untilRunEnds;
  return untilRunWaits && event.type === "run_waiting" && event.runId === untilRunEnds;
}

/** Lets one waiter sleep until somebody has news. */
interface Waker {
  now(): void;
  wait(): Promise<void>;
}

function createWaker(): Waker {
  let news = false;
  let resolve: (() => void) | undefined;
  return {
    now() {
      news = true;
      resolve?.();
    },
    async wait() {
      if (!news) await new Promise<void>((done) => (resolve = done));
      news = false;
      resolve = undefined;
    },
  };
}
