import type { Recorded, SessionEvent } from "@tau/core";
// Not from the package's index: that loads every built-in tool, and the runtime needs none of them.
import { createFileLedger } from "@tau/tools/file-ledger";
import type { FileLedger } from "@tau/tools";
import {
  decodeEvent,
  encodeEvent,
  History,
  isSessionEvent,
  SessionState,
  sessionStateVersion,
} from "@tau/session";

import type { Clock } from "./clock.ts";
import type { Journal, JournalEvent, StoredEvent, StreamId } from "./journal.ts";

// A checkpoint costs a row of a few KB; without one, opening a session reads all of its events.
const checkpointEveryEvents = 200;

/** Collaborators of a {@link SessionLog}. */
export interface SessionLogHost {
  readonly journal: Journal;
  readonly clock: Clock;
}

/** The stream of a session. */
export function sessionStream(tenant: string, sessionId: string): StreamId {
  return { tenant, stream: `session/${sessionId}` };
}

/**
 * A session's events, and the state and history that follow from them.
 *
 * Invariants, cited by the tests:
 * - L1. `record` shows in `state` at once; it is durable when the promise of the next `commit` resolves.
 * - L2. After a failed commit the log is dead: `commit` rejects from then on, and the session is opened anew.
 */
export class SessionLog {
  readonly state: SessionState;
  readonly history: History;
  /** Which versions of files the model has seen. Lives as long as the log does: after that, it reads again. */
  readonly files: FileLedger = createFileLedger();
  readonly #host: SessionLogHost;
  readonly #id: StreamId;
  #queued: JournalEvent[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #checkpointSeq: number;

  private constructor(host: SessionLogHost, id: StreamId, state: SessionState, history: History) {
    this.#host = host;
    this.#id = id;
    this.state = state;
    this.history = history;
    this.#checkpointSeq = state.version;
  }

  /** Opens the log of a session from its checkpoint and the events after it; undefined when there is no such session. */
  static async open(
    host: SessionLogHost,
    id: StreamId,
    signal: AbortSignal,
  ): Promise<SessionLog | undefined> {
    const checkpoint = await host.journal.loadCheckpoint(id);
    const usable = checkpoint?.version === sessionStateVersion ? checkpoint : undefined;
    const state = usable === undefined ? new SessionState() : SessionState.fromCheckpoint(usable.state);
    const history = new History();
    const covered = state.version;
    for await (const batch of host.journal.read(id, state.windowFromSeq, signal)) {
      for (const stored of batch) {
        const recorded = toRecorded(stored);
        history.apply(recorded);
        if (stored.seq > covered) state.apply(recorded);
      }
    }
    if (state.version === 0) return undefined;
    const log = new SessionLog(host, id, state, history);
    log.#checkpointSeq = covered;
    return log;
  }

  /** Adds an event to the state and to the next commit. */
  record(event: SessionEvent): void {
    const at = this.#host.clock.now();
    const recorded: Recorded = { seq: this.state.version + 1, at, event };
    const { type, version, body } = encodeEvent(event);
    this.#queued.push({ type, version, at, body, decoded: event });
    this.state.apply(recorded);
    this.history.apply(recorded);
  }

  /**
   * Sends what was recorded to the journal, as one atomic append. Commits take effect in order, so only
   * who must know of durability awaits the promise; others learn of a failure from a later commit.
   */
  commit(): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const events = this.#queued;
    if (events.length === 0) return this.#last;
    this.#queued = [];
    // An append behind a failed one fails too: its expected version never comes. So the last one tells of all.
    this.#last = this.#host.journal.append(this.#id, this.state.version - events.length, events);
    this.#last.catch((error: unknown) => (this.#failure ??= toError(error)));
    return this.#last;
  }

  /** Stores a checkpoint when enough happened since the last one; only between runs. */
  async checkpoint(): Promise<void> {
    if (this.state.version - this.#checkpointSeq < checkpointEveryEvents) return;
    this.#checkpointSeq = this.state.version;
    await this.#host.journal.saveCheckpoint(this.#id, {
      seq: this.state.version,
      version: sessionStateVersion,
      state: this.state.toCheckpoint(),
    });
  }
}

/** Decodes a stored event. */
export function toRecorded(stored: StoredEvent): Recorded {
  const { seq, at, decoded } = stored;
  return { seq, at, event: isSessionEvent(decoded) ? decoded : decodeEvent(stored) };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
