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

/** Collaborators of an {@link EventSource}. */
export interface EventSourceHost {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly request: AttachRequest;
  readonly context: CallContext;
  /** Whether the run is known to begin at the cursor or after it. */
  readonly isAhead: boolean;
  /** Hears that there is a batch, a failure or the end. */
  readonly news: () => void;
}

/** The events of a session from a cursor on, one batch ahead of the listener. */
export class EventSource implements AsyncDisposable {
  /** The last event handed over. */
  seq: number;
  failure: { readonly error: unknown } | undefined;
  readonly #host: EventSourceHost;
  readonly #id: StreamId;
  readonly #stop: AbortSource = createAbortSource();
  readonly #abort = (): void => this.#stop.abort(this.#host.context.signal.reason);
  readonly #events: AsyncIterator<readonly StoredEvent[]>;
  #batch: readonly RunEvent[] | undefined;
  #fetching: Promise<void> | undefined;
  #asking: Promise<void> | undefined;
  #askTimer: NodeJS.Timeout | undefined;
  #left = false;
  #done = false;
  /** The newest event of the session at a moment when the run was over, once that is known. */
  #overAt = Number.POSITIVE_INFINITY;

  constructor(host: EventSourceHost) {
    const { request, context, journal } = host;
    this.#host = host;
    this.#id = sessionStream(context.tenant, request.sessionId);
    this.seq = request.fromSeq - 1;
    if (context.signal.aborted) this.#abort();
    else onAbort(context.signal, this.#abort);
    this.#events = journal.follow(this.#id, request.fromSeq, this.#stop.signal)[Symbol.asyncIterator]();
    this.#fetch();
    const mayBeOver = request.untilRunEnds !== undefined && request.fromSeq > 1 && !host.isAhead;
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    clearTimeout(this.#askTimer);
    offAbort(this.#host.context.signal, this.#abort);
    // Telling everybody of an abort costs more than all else here, and what waits for nothing need not hear of it.
    if (this.#fetching !== undefined || this.#asking !== undefined) this.#stop.abort(listenerLeft);
    await this.#fetching;
    await this.#asking;
    await this.#events.return?.();
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
      this.#host.news();
    } catch (error) {
      this.#failed(error);
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#fetching = undefined;
    if (this.#left) return;
    this.failure = { error };
    this.#host.news();
  };

  #decode(stored: readonly StoredEvent[]): readonly RunEvent[] {
    const { request } = this.#host;
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
    const { request, news } = this.#host;
    try {
      const overAt = await whenRunOver(this.#host, { id: this.#id, request }, this.#stop.signal);
      if (overAt === undefined) return;
      this.#overAt = overAt;
      news();
    } catch {
      // The engine stops, or the listener left: the events tell.
    }
  }
}

function isEnd(event: SessionEvent, { untilRunEnds, untilRunWaits = false }: AttachRequest): boolean {
  if (event.type === "run_finished") return event.runId === untilRunEnds;
  return untilRunWaits && event.type === "run_waiting" && event.runId === untilRunEnds;
}
