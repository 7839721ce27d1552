import type { Recorded, SessionEvent } from "@tau/core";
// Not from the package's index: that loads every built-in tool, and the runtime needs none of them.
import { createFileLedger } from "@tau/tools/file-ledger";
import type { FileLedger } from "@tau/tools";
import {
  decodeEvent,
  encodeEvent,
  fenceKeyOf,
  History,
  isSessionEvent,
  SessionState,
  sessionStateVersion,
} from "@tau/session";

import type { Clock } from "./clock.ts";
import type { EngineContext } from "./engine.ts";
import type { Journal, JournalEvent, StoredEvent, StreamAppend, StreamId } from "./journal.ts";
import { loadWindow, saveWindow, windowText } from "./session-window.ts";
import type { SessionWindow } from "./session-window.ts";

// A checkpoint costs a row of a few KB; without one, opening a session reads all of its events.
const checkpointEveryEvents = 200;

// One for all: every run that is held open would hold the promise of its last append.
const settled = Promise.resolve();

/** Collaborators of a {@link SessionLog}. */
export interface SessionLogHost {
  readonly journal: Journal;
  readonly clock: Clock;
}

/** What writes a session's events. */
export type SessionWriter = Pick<EngineContext, "append" | "appendLast">;

/** The stream of a session. */
export function sessionStream(tenant: string, sessionId: string): StreamId {
  return { tenant, stream: `session/${sessionId}` };
}

/**
 * A session's events, and the state and history that follow from them.
 *
 * Invariants, cited by the tests:
 * - L1. `record` shows in `state` at once; it is durable when the promise of the next `commit` resolves.
 * - L2. After a failed commit the log is dead: `record` throws and `commit` rejects from then on, and the session
 *   is opened anew. So a run learns of it although it awaits few commits, and a promise that it does not await
 *   never becomes an unhandled rejection.
 */
export class SessionLog {
  readonly state: SessionState;
  readonly history: History;
  /** Made when it is needed: most sessions of a server touch no files. */
  #files: FileLedger | undefined;
  readonly #host: SessionLogHost;
  readonly #id: StreamId;
  #writer: SessionWriter;
  /** Made by the first event: a list that was there before a wait keeps from the collector what it was filled with after it. */
  #queued: JournalEvent[] | undefined;
  #handles = 0;
  /** Settles with the last append, whatever becomes of it. */
  #last: Promise<void> = settled;
  #isSending = false;
  #failure: Error | undefined;
  #checkpointSeq: number;
  #durableVersion: number;
  /** Whether what is shown begins elsewhere than the window that was kept last. */
  #windowMoved = false;
  #lastRunId: string | undefined;
  #lastStart = 0;

  private constructor(host: SessionLogHost, id: StreamId, state: SessionState, history: History) {
    this.#host = host;
    this.#id = id;
    this.#writer = writerOf(host.journal);
    this.state = state;
    this.history = history;
    this.#checkpointSeq = state.version;
    this.#durableVersion = state.version;
  }

  /** The log of a session that has no other event yet. */
  static created(host: SessionLogHost, id: StreamId, recorded: Recorded): SessionLog {
    const log = new SessionLog(host, id, new SessionState(), new History());
    log.state.apply(recorded);
    log.history.apply(recorded);
    log.#durableVersion = recorded.seq;
    return log;
  }

  /** Opens the log of a session from its checkpoint and the events after it; undefined when there is no such session. */
  static async open(
    host: SessionLogHost,
    id: StreamId,
    signal: AbortSignal,
  ): Promise<SessionLog | undefined> {
    const { journal } = host;
    const [state, window] = await Promise.all([checkpointedState(journal, id), loadWindow(journal, id)]);
    const covered = state.version;
    const { history, shown } = historyOf(state, window);
    const from = shown === 0 ? state.windowFromSeq : Math.min(covered, shown) + 1;
    for await (const batch of journal.read(id, from, signal)) {
      for (const stored of batch) {
        // Of what the checkpoint covers, a third tells the history nothing by its body.
        if (stored.seq <= covered && !History.reads(stored.type)) {
          if (stored.seq > shown) history.pass(stored.seq, stored.type);
          continue;
        }
        const recorded = toRecorded(stored);
        if (stored.seq > shown) history.apply(recorded);
        if (stored.seq > covered) state.apply(recorded);
      }
    }
    if (state.version === 0) return undefined;
    const log = new SessionLog(host, id, state, history);
    log.#checkpointSeq = covered;
    return log;
  }

  /** Which versions of files the model has seen. Lives as long as the log does: after that, it reads again. */
  get files(): FileLedger {
    return (this.#files ??= createFileLedger());
  }

  /** The number of the next handle of a held value; those of effects that never ended are used again. */
  nextHandle(): number {
    this.#handles = Math.max(this.#handles, Object.keys(this.state.values).length) + 1;
    return this.#handles;
  }

  /** Whether a commit failed; see L2. */
  get isDead(): boolean {
    return this.#failure !== undefined;
  }

  /** The newest event that is known to be durable. */
  get durableVersion(): number {
    return this.#durableVersion;
  }

  /** The event with which a run began, if that was the last one that began here. */
  startOf(runId: string): number | undefined {
    return this.#lastRunId === runId ? this.#lastStart : undefined;
  }

  /** Writes through this run from here on. */
  writeThrough(writer: SessionWriter): void {
    this.#writer = writer;
  }

  /** Adds an event to the state and to the next commit. @throws what an earlier commit failed with */
  record(event: SessionEvent): void {
    if (this.#failure !== undefined) throw this.#failure;
    const at = this.#host.clock.now();
    const recorded: Recorded = { seq: this.state.version + 1, at, event };
    const { type, version, body } = encodeEvent(event);
    (this.#queued ??= []).push({ type, version, at, body, decoded: event });
    if (event.type === "context_trimmed") this.#windowMoved = true;
    if (event.type === "run_started") {
      this.#lastRunId = event.runId;
      this.#lastStart = recorded.seq;
    }
    this.state.apply(recorded);
    this.history.apply(recorded);
  }

  /**
   * Sends what was recorded to the journal, as one atomic append. Commits take effect in order, so only
   * who must know of durability awaits the promise; others learn of a failure from a later commit.
   */
  commit(): Promise<void> {
    this.send();
    const committed = this.#last.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
    });
    committed.catch(() => undefined);
    return committed;
  }

  /** Does what {@link commit} does, for who does not wait. */
  send(): void {
    const events = this.#queued;
    if (events === undefined || this.#failure !== undefined) return;
    this.#queued = undefined;
    // An append behind a failed one fails too: its expected version never comes. So the last one tells of all,
    // and with the reason of the first: the conflicts behind it are only its shadow.
    this.#keep(this.#writer.append(this.#appendOf(events)));
  }

  /**
   * Leaves what was recorded since the last commit to the run's engine, which writes it with the run's end; with a
   * checkpoint when enough happened since the last one. @throws what an earlier commit failed with
   */
  commitLast(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const events = this.#queued ?? [];
    this.#queued = undefined;
    const written = this.#writer.appendLast({ ...this.#appendOf(events), ...this.#checkpoint() });
    this.#keep(written);
    if (this.#windowMoved) this.#keepWindow(written);
  }

  /** Keeps what is shown once the run's end is durable. Nobody waits for it, and without it events are read. */
  #keepWindow(written: Promise<number>): void {
    this.#windowMoved = false;
    const text = windowText(this.history);
    const seq = this.state.version;
    if (text === undefined) return;
    written.then(() => saveWindow(this.#host.journal, this.#id, { seq, text })).catch(() => undefined);
  }

  /** Sends as soon as there is something to wait for, so that what happens in one go is one append. */
  sendSoon(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    // Ticks run when everything was done that needs no waiting.
    process.nextTick(SessionLog.#sendNow, this);
  }

  static #sendNow(log: SessionLog): void {
    log.#isSending = false;
    log.send();
  }

  #appendOf(events: readonly JournalEvent[]): StreamAppend {
    return { id: this.#id, expectedVersion: this.state.version - events.length, events };
  }

  #keep(written: Promise<number>): void {
    const last = written.then(
      (version) => {
        this.#durableVersion = version;
        if (this.#last === last) this.#last = settled;
      },
      (error: unknown) => {
        this.#failure ??= toError(error);
      },
    );
    this.#last = last;
  }

  /** Only between runs: a checkpoint is small then. */
  #checkpoint(): Pick<StreamAppend, "checkpoint"> {
    const { state } = this;
    if (state.version - this.#checkpointSeq < checkpointEveryEvents) return {};
    this.#checkpointSeq = state.version;
    return { checkpoint: { seq: state.version, version: sessionStateVersion, state: state.toCheckpoint() } };
  }
}

function writerOf(journal: Journal): SessionWriter {
  const append = ({ id, expectedVersion, events }: StreamAppend): Promise<number> =>
    journal.append(id, expectedVersion, events);
  return { append, appendLast: append };
}

/** The state of a session as the journal tells it: costs no more than what came after its checkpoint. */
export async function readState(
  journal: Journal,
  id: StreamId,
  signal: AbortSignal,
): Promise<SessionState | undefined> {
  const state = await checkpointedState(journal, id);
  for await (const batch of journal.read(id, state.version + 1, signal)) {
    for (const stored of batch) state.apply(toRecorded(stored));
  }
  return state.version === 0 ? undefined : state;
}

async function checkpointedState(journal: Journal, id: StreamId): Promise<SessionState> {
  const checkpoint = await journal.loadCheckpoint(id);
  if (checkpoint?.version !== sessionStateVersion) return new SessionState();
  return SessionState.fromCheckpoint(checkpoint.state);
}

/** The history to begin with, and the last event that is in it. Without a state, its fences have no key yet. */
function historyOf(
  state: SessionState,
  window: SessionWindow | undefined,
): { readonly history: History; readonly shown: number } {
  const fenceKey = fenceKeyOf(state);
  const kept =
    window === undefined || state.version === 0 ? undefined : History.fromText(window.text, fenceKey);
  return { history: kept ?? new History(fenceKey), shown: kept === undefined ? 0 : (window?.seq ?? 0) };
}

/** Decodes a stored event. */
export function toRecorded(stored: StoredEvent): Recorded {
  const { seq, at } = stored;
  return { seq, at, event: toEvent(stored) };
}

/** What a stored event says. */
export function toEvent(stored: StoredEvent): SessionEvent {
  const { decoded } = stored;
  return isSessionEvent(decoded) ? decoded : decodeEvent(stored);
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
