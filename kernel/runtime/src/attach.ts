import { assertTenant, TauError } from "@tau/core";
import type { CallContext, RunEvent } from "@tau/core";

import type { Engine } from "./engine.ts";
import { EventSource } from "./event-source.ts";
import type { EventSourceOwner } from "./event-source.ts";
import { HeldDeltas } from "./held-deltas.ts";
import type { Journal } from "./journal.ts";
import type { DeltaListener, LiveFeed, PlacedDelta, Subscribed } from "./live-feed.ts";
import type { RunPlaces } from "./run-places.ts";
import type { AttachRequest, Runtime } from "./runtime.ts";
import type { SessionDirectory } from "./session-directory.ts";

/** Collaborators of {@link createAttach}. */
export interface AttachHost {
  readonly journal: Journal;
  readonly engine: Engine;
  readonly feed: LiveFeed;
  readonly directory: SessionDirectory;
  readonly places: RunPlaces;
}

/** Makes the runtime's `attach`. */
export function createAttach(host: AttachHost): Runtime["attach"] {
  return (request, context) => new Attachment(host, request, context);
}

type Step = IteratorResult<readonly RunEvent[], undefined>;

/** Answers who asked for the next batch. Of a failure it is told by a rejected promise: one function less that every listener holds. */
type Reader = (step: Step | Promise<never>) => void;

/**
 * Events from the journal, and between them the fragments of this process, for one reader. Written by hand: an async
 * generator would cost every batch, of which a run has dozens, three more turns of the queue. Hears of everything itself,
 * because many are held open and closures would be most of them.
 *
 * Invariants, cited by the tests:
 * - A1. Every event from the cursor on comes once, in order; a slow listener delays nobody.
 * - A2. A fragment comes after the event it follows, and never after the message it is part of.
 */
class Attachment
  implements AsyncIterableIterator<readonly RunEvent[], undefined>, EventSourceOwner, DeltaListener
{
  readonly host: AttachHost;
  readonly request: AttachRequest;
  readonly context: CallContext;
  readonly #deltas = new HeldDeltas();
  #feed: Subscribed | undefined;
  #source: EventSource | undefined;
  #reader: Reader | undefined;
  #closed: Promise<void> | undefined;

  constructor(host: AttachHost, request: AttachRequest, context: CallContext) {
    this.host = host;
    this.request = request;
    this.context = context;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step> {
    if (this.#source === undefined && this.#closed === undefined) return this.#begin();
    const batch = this.#take();
    if (batch !== undefined) return Promise.resolve({ done: false, value: batch });
    return new Promise((resolve) => {
      if (!this.#answer(resolve)) this.#reader = resolve;
    });
  }

  async return(): Promise<Step> {
    await this.#close();
    this.news();
    return { done: true, value: undefined };
  }

  /** For the source of events. */
  news(): void {
    if (this.#reader !== undefined && this.#answer(this.#reader)) this.#reader = undefined;
  }

  /** For the feed of fragments. */
  hear(delta: PlacedDelta): void {
    this.#deltas.add(delta);
    this.news();
  }

  async #begin(): Promise<Step> {
    const { request, context } = this;
    const { feed, directory } = this.host;
    const place = this.#placeOfRun();
    // The run begins behind the cursor, as is known without asking.
    const isAhead = place !== undefined && request.fromSeq <= place;
    try {
      assertTenant(context.tenant);
      checkCursor(request, isAhead ? place - 1 : await directory.version(request.sessionId, context));
    } catch (error) {
      await this.#close();
      throw error;
    }
    if (this.#closed === undefined) {
      this.#feed = feed.subscribe(context.tenant, request.sessionId, this);
      this.#source = new EventSource(this, isAhead);
    }
    return await this.next();
  }

  #placeOfRun(): number | undefined {
    const { sessionId, untilRunEnds: runId } = this.request;
    const { tenant } = this.context;
    return runId === undefined ? undefined : this.host.places.get({ tenant, sessionId, runId });
  }

  /** The next batch, if there is one by now. */
  #take(): readonly RunEvent[] | undefined {
    const source = this.#source;
    if (source === undefined || this.#closed !== undefined) return undefined;
    return this.#deltas.take(source.seq) ?? source.take();
  }

  /** Gives the reader what there is for it; answers false when there is nothing yet. */
  #answer(reader: Reader): boolean {
    const source = this.#source;
    if (source === undefined || this.#closed !== undefined) {
      reader({ done: true, value: undefined });
      return true;
    }
    const batch = this.#take();
    if (batch !== undefined) {
      reader({ done: false, value: batch });
      return true;
    }
    const { failure, isOver } = source;
    if (failure === undefined && !isOver) return false;
    this.#end(reader, failure);
    return true;
  }

  #end(reader: Reader, failure: EventSource["failure"]): void {
    const failed = (error: unknown): void => reader(Promise.reject(error));
    this.#close().then(() => {
      if (failure === undefined) reader({ done: true, value: undefined });
      else failed(failure.error);
    }, failed);
  }

  #close(): Promise<void> {
    this.#feed?.unsubscribe(this);
    this.#closed ??= this.#source?.[Symbol.asyncDispose]() ?? Promise.resolve();
    return this.#closed;
  }
}

function checkCursor({ fromSeq }: AttachRequest, version: number): void {
  if (Number.isInteger(fromSeq) && fromSeq >= 1 && fromSeq <= version + 1) return;
  throw new TauError(
    "session.invalid_seq",
    `from_seq must be a whole number from 1 to ${version + 1}, one more than the session's newest event.`,
  );
}
