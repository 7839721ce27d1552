import type { JsonObject } from "@tau/core";

/** A stream of one tenant, for example `session/0198…` or `inbox/0198…`. */
export interface StreamId {
  readonly tenant: string;
  /** 1 to 200 of `a-z A-Z 0-9 . _ : / -`. */
  readonly stream: string;
}

/** An event as the journal keeps it: an envelope around a body that the journal does not look into. */
export interface JournalEvent {
  readonly type: string;
  /** Version of the body's shape. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** JSON text. Serialised once, by whoever made it. */
  readonly body: string;
  /**
   * What `body` says, where the writer has it at hand. Never stored: a journal may hand it to followers in the
   * same process, who then need not parse the text. Nobody changes it.
   */
  readonly decoded?: object;
}

/** An event with its place in its stream: 1 for the first, no gaps. */
export interface StoredEvent extends JournalEvent {
  readonly seq: number;
}

/** A stored fold of a stream up to and including `seq`. Saves reading, never truth. */
export interface Checkpoint {
  readonly seq: number;
  /** Version of the state's shape; a reader ignores versions it does not know. */
  readonly version: number;
  readonly state: JsonObject;
}

/** What is added to one stream. */
export interface StreamAppend {
  readonly id: StreamId;
  /** The version that the stream has. */
  readonly expectedVersion: number;
  readonly events: readonly JournalEvent[];
  /** Kept with the events, as by {@link Journal.saveCheckpoint}. */
  readonly checkpoint?: Checkpoint;
}

/** One page of {@link Journal.list}. */
export interface StreamSummary {
  readonly stream: string;
  /** The sequence number of the newest event. */
  readonly version: number;
  /** When the first and the newest event were written. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The type of the newest event. */
  readonly lastType: string;
}

/** Options of {@link Journal.list}: streams whose name begins with `prefix`, newest name first. */
export interface ListOptions {
  readonly prefix: string;
  readonly limit: number;
  /** Only streams whose name sorts before this one. */
  readonly before?: string;
}

/** Options of {@link Journal.recent}: streams whose name begins with `prefix`, the one written to last first. */
export interface RecentOptions {
  readonly prefix: string;
  readonly limit: number;
  /** What {@link RecentPage.next} of the page before was. */
  readonly before?: string;
}

/** One page of {@link Journal.recent}. */
export interface RecentPage {
  readonly streams: readonly StreamSummary[];
  /** Where the next page begins: digits. Absent when there is none. */
  readonly next?: string;
}

/**
 * The append-only store of events; the only source of truth.
 *
 * Contract, checked by `describeJournal()` from `@tau/runtime/testing`:
 * - `append` is atomic and durable: when it resolves, all of its events survive a power cut; when it rejects, none was written.
 * - Sequence numbers of a stream are 1, 2, 3 … without gaps; `append` answers the new version.
 * - `append` with another `expectedVersion` than the stream has throws `journal.conflict` (class retryable) and writes nothing.
 * - `appendAll` is an append to several streams of one tenant, each named once (else RangeError): all of it is written,
 *   or nothing, and no reader sees a part. A conflict tells in `details.stream` which stream has another version.
 * - Appends to one stream take effect in the order of the calls, also when they are not awaited in between.
 * - `read` yields batches of events with `seq >= from`, oldest first, and ends at the newest one; an unknown stream yields nothing.
 * - `follow` is `read` that goes on, also with what other processes append, until `signal` aborts; then it throws `signal.reason`.
 *   It yields only durable events, each exactly once, in order.
 * - Streams of different tenants never see each other.
 * - Failures of the disk throw `journal.unavailable` (class retryable); after one, nothing is acknowledged that is not durable.
 */
export interface Journal extends AsyncDisposable {
  append(id: StreamId, expectedVersion: number, events: readonly JournalEvent[]): Promise<number>;
  /** Answers the new version of each stream. */
  appendAll(appends: readonly StreamAppend[]): Promise<readonly number[]>;
  /** The number of events in the stream; 0 when it does not exist. */
  version(id: StreamId): Promise<number>;
  read(id: StreamId, from: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  follow(id: StreamId, from: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
  /** The tenants that have a stream, sorted. */
  tenants(): Promise<readonly string[]>;
  list(tenant: string, options: ListOptions): Promise<readonly StreamSummary[]>;
  /**
   * The streams in the order of their last append, the latest first. Page after page has every stream once that nobody
   * writes to meanwhile, and none twice. Costs a look at every stream with the prefix.
   */
  recent(tenant: string, options: RecentOptions): Promise<RecentPage>;
  /** Keeps `checkpoint`, replacing an older one of the same stream. Never rejects an append's durability. */
  saveCheckpoint(id: StreamId, checkpoint: Checkpoint): Promise<void>;
  loadCheckpoint(id: StreamId): Promise<Checkpoint | undefined>;
}
