import { assertTenant } from "@tau/core";

import { journalClosed, journalConflict } from "../journal-errors.ts";
import type {
  Checkpoint,
  Journal,
  JournalEvent,
  ListOptions,
  StoredEvent,
  StreamAppend,
  StreamId,
  StreamSummary,
} from "../journal.ts";
import { assertStreamId, assertTogether } from "../stream-id.ts";

const batchSize = 500;

interface Stream {
  readonly events: StoredEvent[];
  /** Followers to wake; emptied by the append that wakes them. */
  waiting: (() => void)[];
  checkpoint?: Checkpoint;
}

/** Makes a {@link Journal} that forgets everything when the process ends: for tests and for trying things out. */
export function createMemoryJournal(): Journal {
  const tenants = new Map<string, Map<string, Stream>>();
  const closing = new AbortController();

  function find({ tenant, stream }: StreamId): Stream | undefined {
    return tenants.get(tenant)?.get(stream);
  }

  function open({ tenant, stream }: StreamId): Stream {
    const streams = tenants.get(tenant) ?? new Map<string, Stream>();
    tenants.set(tenant, streams);
    const found = streams.get(stream) ?? { events: [], waiting: [] };
    streams.set(stream, found);
    return found;
  }

  function check(id: StreamId): void {
    assertStreamId(id);
    closing.signal.throwIfAborted();
  }

  function page(id: StreamId, from: number): readonly StoredEvent[] {
    return find(id)?.events.slice(from - 1, from - 1 + batchSize) ?? [];
  }

  async function* read(
    id: StreamId,
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[]> {
    check(id);
    for (let next = Math.max(1, from); ;) {
      signal.throwIfAborted();
      const batch = page(id, next);
      if (batch.length === 0) return;
      next += batch.length;
      yield batch;
    }
  }

  function checkVersion(id: StreamId, expected: number): void {
    const version = find(id)?.events.length ?? 0;
    if (version !== expected) throw journalConflict(id, expected, version);
  }

  function add({ id, expectedVersion, events, checkpoint }: StreamAppend): number {
    if (events.length > 0) write(open(id), events);
    if (checkpoint !== undefined) open(id).checkpoint = structuredClone(checkpoint);
    return expectedVersion + events.length;
  }

  return {
    async append(id, expectedVersion, events) {
      check(id);
      checkVersion(id, expectedVersion);
      return add({ id, expectedVersion, events });
    },

    async appendAll(appends) {
      assertTogether(appends);
      closing.signal.throwIfAborted();
      for (const { id, expectedVersion } of appends) checkVersion(id, expectedVersion);
      return appends.map(add);
    },

    async version(id) {
      check(id);
      return find(id)?.events.length ?? 0;
    },

    read,

    async *follow(id, from, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      check(id);
      for (let next = Math.max(1, from); ;) {
        either.throwIfAborted();
        const batch = page(id, next);
        if (batch.length === 0) await appended(open(id), next, either);
        else yield batch;
        next += batch.length;
      }
    },

    async tenants() {
      closing.signal.throwIfAborted();
      return [...tenants]
        .filter(([, streams]) => streams.values().some(isWritten))
        .map(([name]) => name)
        .sort();
    },

    async list(tenant, options) {
      assertTenant(tenant);
      closing.signal.throwIfAborted();
      return summarize(tenants.get(tenant) ?? new Map<string, Stream>(), options);
    },

    async saveCheckpoint(id, checkpoint) {
      check(id);
      open(id).checkpoint = structuredClone(checkpoint);
    },

    async loadCheckpoint(id) {
      check(id);
      return structuredClone(find(id)?.checkpoint);
    },

    async [Symbol.asyncDispose]() {
      if (!closing.signal.aborted) closing.abort(journalClosed());
    },
  };
}

function isWritten(stream: Stream): boolean {
  return stream.events.length > 0;
}

function write(stream: Stream, events: readonly JournalEvent[]): void {
  for (const event of events) stream.events.push({ ...event, seq: stream.events.length + 1 });
  const { waiting } = stream;
  stream.waiting = [];
  for (const wake of waiting) wake();
}

/** Settles when the stream has the event `next`, or throws the signal's reason. */
function appended(stream: Stream, next: number, signal: AbortSignal): Promise<void> {
  if (stream.events.length >= next) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      stream.waiting = stream.waiting.filter((other) => other !== wake);
      reject(signal.reason);
    };
    stream.waiting.push(wake);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

function summarize(streams: ReadonlyMap<string, Stream>, options: ListOptions): readonly StreamSummary[] {
  const names = [...streams.keys()].filter(
    (name) => name.startsWith(options.prefix) && (options.before === undefined || name < options.before),
  );
  const summaries: StreamSummary[] = [];
  for (const stream of names.sort().toReversed()) {
    const events = streams.get(stream)?.events ?? [];
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) continue;
    if (summaries.length >= options.limit) break;
    summaries.push({
      stream,
      version: last.seq,
      createdAt: first.at,
      updatedAt: last.at,
      lastType: last.type,
    });
  }
  return summaries;
}
