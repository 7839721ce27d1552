import type { Clock } from "../clock.ts";
import type { Journal, StoredEvent, StreamAppend, StreamId } from "../journal.ts";
import { isConflictOf } from "./engine-errors.ts";
import { decodeEngineEvent, encodeEngineEvent, idleType } from "./engine-event.ts";
import type { EngineEvent, RunOutcome } from "./engine-event.ts";
import { KeyState } from "./key-state.ts";

// Each conflict means that another process got its event in, so the system as a whole moves on.
const maxAppendAttempts = 20;

// A checkpoint lists every run that ended. Written when the stream grew by a quarter, all checkpoints together
// stay within a constant factor of the stream, however long it gets.
const checkpointAfterEvents = 200;
const checkpointGrowth = 0.25;

// Where somebody who does not know all of a key reads the rest, for a checkpoint: at this many events, and then
// whenever it grew by a quarter. The places are the same for all, so that no opening has to look for the last one.
const firstReadAt = 1_000;

// What is read of a key that is opened: its unfinished runs and their holder are among its newest events.
const lateEvents = 64;

// Reads and appends of the engine are short, and go on while it shuts down.
const never = new AbortController().signal;

// One for all keys: every run that is held open would hold one of its own.
const atRest = Promise.resolve();

/** Collaborators of a {@link KeyLog}. */
export interface KeyLogHost {
  readonly journal: Journal;
  readonly clock: Clock;
}

/** Says what to write after everything before was seen; undefined writes nothing. */
export type Decide = (state: KeyState) => EngineEvent | undefined;

/** Who hears of the events of a key, its own and those of others. */
export interface KeyListener {
  heard(event: EngineEvent): void;
}

/** One key's stream and the state that follows from it. */
export class KeyLog {
  readonly id: StreamId;
  readonly state: KeyState;
  readonly #host: KeyLogHost;
  readonly #listener: KeyListener;
  #loaded: boolean;
  #needsAll = false;
  #tail: Promise<unknown> = atRest;

  /** `known` is the state of an earlier log of this key; it may be behind. */
  constructor(host: KeyLogHost, id: StreamId, known: KeyState | undefined, listener: KeyListener) {
    this.id = id;
    this.state = known ?? new KeyState();
    this.#host = host;
    this.#listener = listener;
    this.#loaded = known !== undefined;
  }

  /** Whether the stream was read, or written, at all. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Reads the stream unless that was done before. */
  async load(): Promise<void> {
    if (!this.#loaded) await this.catchUp();
  }

  /** Reads what others appended. Of a stream that was not read before, what came last: see {@link KeyState.knowsAll}. */
  async catchUp(): Promise<void> {
    const { journal } = this.#host;
    if (!this.#loaded && this.state.version === 0) {
      if (await this.#readLate()) return;
      await restore(journal, this.id, this.state);
    }
    for await (const batch of journal.read(this.id, this.state.version + 1, never)) this.take(batch);
    this.#loaded = true;
  }

  /** From here on, knows every run that ever ended: what was not read of the stream is read now, or with the rest. */
  async knowAll(): Promise<void> {
    this.#needsAll = true;
    if (this.state.knowsAll) return;
    const last = this.state.knownFrom - 1;
    const { journal } = this.#host;
    const before = new KeyState();
    await restore(journal, this.id, before);
    if (before.version < last) {
      for await (const batch of journal.read(this.id, before.version + 1, never)) {
        for (const stored of batch) {
          if (stored.seq <= last) before.apply(stored.seq, decodeEngineEvent(stored));
        }
        if (before.version >= last) break;
      }
    }
    this.state.learn(before);
  }

  /** Whether others appended something that the state does not have. */
  async isBehind(): Promise<boolean> {
    return (await this.#host.journal.version(this.id)) > this.state.version;
  }

  /**
   * Writes what `decide` says, and in one with it what is to be written `beside`; decides anew when somebody else was
   * faster. A key that was never seen is taken for a new one, so that its first run costs no reading. Answers the
   * new versions of the streams beside; undefined when there was nothing to write.
   *
   * @throws TauError `journal.conflict` of a stream beside, or after many attempts; `journal.unavailable`
   */
  async append(decide: Decide, beside: readonly StreamAppend[] = []): Promise<readonly number[] | undefined> {
    for (let attempt = 1; ; attempt++) {
      const event = decide(this.state);
      if (event === undefined) return undefined;
      try {
        return await this.appendOnce(event, beside);
      } catch (error) {
        if (!isConflictOf(error, this.id) || attempt >= maxAppendAttempts) throw error;
        await this.catchUp();
      }
    }
  }

  /** Writes an event if the stream is as the state says, and in one with it what is to be written `beside`. */
  async appendOnce(event: EngineEvent, beside: readonly StreamAppend[]): Promise<readonly number[]> {
    const { journal, clock } = this.#host;
    const { id, state } = this;
    const events = [encodeEngineEvent(event, clock.now())];
    const [seq = 0, ...versions] =
      beside.length === 0
        ? [await journal.append(id, state.version, events)]
        : await journal.appendAll([{ id, expectedVersion: state.version, events }, ...beside]);
    this.#loaded = true;
    if (state.apply(seq, event)) this.#listener.heard(event);
    return versions;
  }

  /** Does one thing after the other: what was asked for first is written first. */
  inOrder<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(act);
    const settled = (): void => {
      if (this.#tail === tail) this.#tail = atRest;
    };
    const tail = done.then(settled, settled);
    this.#tail = tail;
    return done;
  }

  /** What others append from now on, until `signal` aborts; then throws its reason. Each batch is to be {@link take}n. */
  follow(signal: AbortSignal): AsyncIterator<readonly StoredEvent[]> {
    return this.#host.journal.follow(this.id, this.state.version + 1, signal)[Symbol.asyncIterator]();
  }

  /** How an ended run ended; undefined when it did not, as far as is known. */
  async outcomeOf(runId: string): Promise<RunOutcome | undefined> {
    const seq = this.state.ended.get(runId);
    if (seq === undefined) return undefined;
    for await (const [stored] of this.#host.journal.read(this.id, seq, never)) {
      const event = stored === undefined ? undefined : decodeEngineEvent(stored);
      return event !== undefined && "outcome" in event ? event.outcome : undefined;
    }
    return undefined;
  }

  /** Stores a checkpoint when the stream grew enough since the last one. */
  async checkpoint(): Promise<void> {
    if (!this.#isCheckpointDue()) return;
    await this.knowAll();
    // There may be a newer one than was known, or a new run by now.
    if (!this.#isCheckpointDue()) return;
    this.state.checkpointSeq = this.state.version;
    await this.#host.journal.saveCheckpoint(this.id, this.state.toCheckpoint());
  }

  #isCheckpointDue(): boolean {
    const { version, open, checkpointSeq, knowsAll } = this.state;
    if (open.size > 0) return false;
    if (!knowsAll) return version >= nextReadAt(checkpointSeq);
    return version - checkpointSeq >= Math.max(checkpointAfterEvents, checkpointSeq * checkpointGrowth);
  }

  /** Begins where the key had no work, if that was of late and is enough; answers whether the rest was read. */
  async #readLate(): Promise<boolean> {
    if (this.#needsAll) return false;
    const { journal } = this.#host;
    const from = (await journal.version(this.id)) - lateEvents + 1;
    if (from <= 1) return false;
    const late: StoredEvent[] = [];
    for await (const batch of journal.read(this.id, from, never)) late.push(...batch);
    const idle = late.find(({ type }) => type === idleType);
    // Others who use this log may have read, or come to need more, meanwhile.
    if (idle === undefined || this.state.version > 0 || this.#needsAll) return false;
    this.state.beginAfter(idle.seq);
    this.take(late);
    this.state.checkpointSeq = this.state.version;
    this.#loaded = true;
    return true;
  }

  /** Takes what was read; what is known already changes nothing. */
  take(batch: readonly StoredEvent[]): void {
    for (const stored of batch) {
      if (stored.seq <= this.state.version) continue;
      const event = decodeEngineEvent(stored);
      if (this.state.apply(stored.seq, event) && event !== undefined) this.#listener.heard(event);
    }
  }
}

async function restore(journal: Journal, id: StreamId, state: KeyState): Promise<void> {
  const checkpoint = await journal.loadCheckpoint(id);
  if (checkpoint !== undefined && state.version === 0) state.restore(checkpoint);
}

function nextReadAt(seq: number): number {
  let at = firstReadAt;
  while (at <= seq) at += Math.ceil(at * checkpointGrowth);
  return at;
}
