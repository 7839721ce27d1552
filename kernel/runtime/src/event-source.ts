import { createAbortSource, offAbort, onAbort } from "@tau/core";
import type { AbortSource, CallContext, RunEvent, SessionEvent } from "@tau/core";

import type { Engine } from "./engine.ts";
import type { Journal, StoredEvent, StreamId } from "./journal.ts";
import { whenRunOver } from "./run-over.ts";
import type { AttachRequest } from "./runtime.ts";
import { sessionStream, toEvent } from "./session-log.ts";

// A run that goes on shows itself sooner than that, and then nobody asks whether it is over.
const askAfterMs = 50;

// One for all: making an abort's default reason costs a stack trace.
const listenerLeft = new Error("The listener left.");

/** Whose events an {@link EventSource} gets. */
export interface EventSourceOwner {
  readonly host: { readonly journal: Journal; readonly engine: Engine };
  readonly request: AttachRequest;
  readonly context: CallContext;
  /** Hears that there is a batch, a failure or the end. */
  news(): void;
}

/** The events of a session from a cursor on, one batch ahead of the listener. */
export class EventSource implements AsyncDisposable {
  /** The last event handed over. */
  seq: number;
  failure: { readonly error: unknown } | undefined;
  readonly #owner: EventSourceOwner;
  readonly #stop: AbortSource = createAbortSource();
  readonly #events: AsyncIterator<readonly StoredEvent[]>;
  #batch: readonly RunEvent[] | undefined;
  #fetching: Promise<void> | undefined;
  #asking: Promise<void> | undefined;
  #askTimer: NodeJS.Timeout | undefined;
  #left = false;
  #done = false;
  /** The newest event of the session at a moment when the run was over, once that is known. */
  #overAt = Number.POSITIVE_INFINITY;

  /** `isAhead`: the run is known to begin at the cursor or after it. */
  constructor(owner: EventSourceOwner, isAhead: boolean) {
    const { request, context, host } = owner;
    this.#owner = owner;
    this.seq = request.fromSeq - 1;
    if (context.signal.aborted) this.aborted();
    else onAbort(context.signal, this);
    const events = host.journal.follow(this.#id(), request.fromSeq, this.#stop.signal);
    this.#events = events[Symbol.asyncIterator]();
    this.#fetch();
    const mayBeOver = request.untilRunEnds !== undefined && request.fromSeq > 1 && !isAhead;
    if (!mayBeOver) return;
    this.#askTimer = setTimeout(() => {
      this.#asking = this.#ask();
    }, askAfterMs);
  }

  /** Whether there is nothing after what was taken: the run's end was, or lies before the cursor. */
  get isOver(): boolean {
    return this.#done || this.seq >= this.#overAt;
  }

  /** The next batch, if there is one by now. */
  take(): readonly RunEvent[] | undefined {
    const batch = this.#batch;
    const last = batch?.at(-1);
    if (last?.kind !== "event") return undefined;
    this.seq = last.seq;
    this.#batch = undefined;
    if (!this.#done) this.#fetch();
    return batch;
  }

  /** For the listener's signal. */
  aborted(): void {
    this.#stop.abort(this.#owner.context.signal.reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    clearTimeout(this.#askTimer);
    offAbort(this.#owner.context.signal, this);
    // Telling everybody of an abort costs more than all else here, and what waits for nothing need not hear of it.
    if (this.#fetching !== undefined || this.#asking !== undefined) this.#stop.abort(listenerLeft);
    await this.#fetching;
    await this.#asking;
    await this.#events.return?.();
  }

  #id(): StreamId {
    const { context, request } = this.#owner;
    return sessionStream(context.tenant, request.sessionId);
  }

  #fetch(): void {
    this.#fetching = this.#events.next().then(this.#took, this.#failed);
  }

  // Made once: a listener fetches dozens of times.
  readonly #took = (step: IteratorResult<readonly StoredEvent[], unknown>): void => {
    this.#fetching = undefined;
    try {
      if (step.done === true) this.#done = true;
      else this.#batch = this.#decode(step.value);
      this.#owner.news();
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#fetching = undefined;
    if (this.#left) return;
    this.failure = { error };
    this.#owner.news();
  };

  #decode(stored: readonly StoredEvent[]): readonly RunEvent[] {
    const { request } = this.#owner;
    const events: RunEvent[] = [];
    for (const one of stored) {
      const event = toEvent(one);
      events.push({ kind: "event", seq: one.seq, at: one.at, event });
      if ("runId" in event && event.runId === request.untilRunEnds) clearTimeout(this.#askTimer);
      if (!isEnd(event, request)) continue;
      this.#done = true;
      break;
    }
    return events;
  }

  /** Asks whether what this listener waits for lies before the cursor. */
  async #ask(): Promise<void> {
    const { host, request } = this.#owner;
    try {
      const overAt = await whenRunOver(host, { id: this.#id(), request }, this.#stop.signal);
      if (overAt === undefined) return;
      this.#overAt = overAt;
      this.#owner.news();
    } catch {
      // The engine stops, or the listener left: the events tell.
    }
  }
}

function isEnd(event: SessionEvent, { untilRunEnds, untilRunWaits = false }: AttachRequest): boolean {
  if (event.type === "run_finished") return event.runId === untilRunEnds;
  return untilRunWaits && event.type === "run_waiting" && event.runId === untilRunEnds;
}
