import { assertTenant, FewSet, grown } from "@tau/core";

import { journalClosed, journalConflict } from "../journal-errors.ts";
import type {
  Checkpoint,
  Journal,
  JournalEvent,
  ListOptions,
  RecentOptions,
  RecentPage,
  StoredEvent,
  StreamAppend,
  StreamId,
  StreamSummary,
} from "../journal.ts";
import { assertStreamId, assertTogether } from "../stream-id.ts";
import { MemoryFollower, pageOf } from "./memory-follower.ts";
import type { FollowedStream } from "./memory-follower.ts";

interface Stream extends FollowedStream {
  events: StoredEvent[];
  /** When it was written to last, in appends of this journal; 0 for one without events. */
  place: number;
  checkpoint?: Checkpoint;
}

/** Makes a {@link Journal} that forgets everything when the process ends: for tests and for trying things out. */
export function createMemoryJournal(): Journal {
  const tenants = new Map<string, Map<string, Stream>>();
  const closing = new AbortController();
  let place = 0;

  function find({ tenant, stream }: StreamId): Stream | undefined {
    return tenants.get(tenant)?.get(stream);
  }

  function open({ tenant, stream }: StreamId): Stream {
    const streams = tenants.get(tenant) ?? new Map<string, Stream>();
    tenants.set(tenant, streams);
    const found = streams.get(stream) ?? { events: [], place: 0, followers: new FewSet<MemoryFollower>() };
    streams.set(stream, found);
    return found;
  }

  function check(id: StreamId): void {
    assertStreamId(id);
    closing.signal.throwIfAborted();
  }

  function page(id: StreamId, from: number): readonly StoredEvent[] {
    return pageOf(find(id)?.events ?? [], from);
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
    if (events.length > 0) {
      const stream = open(id);
      write(stream, events);
      stream.place = ++place;
    }
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

    follow: (id, from, signal) =>
      new MemoryFollower(
        () => {
          check(id);
          return open(id);
        },
        from,
        signal,
      ),

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

    async recent(tenant, options) {
      assertTenant(tenant);
      closing.signal.throwIfAborted();
      return recent(tenants.get(tenant) ?? new Map<string, Stream>(), options);
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
      if (closing.signal.aborted) return;
      const closed = journalClosed();
      closing.abort(closed);
      for (const streams of tenants.values())
        for (const { followers } of streams.values()) followers.forEach((follower) => follower.fail(closed));
    },
  };
}

function isWritten(stream: Stream): boolean {
  return stream.events.length > 0;
}

function write(stream: Stream, events: readonly JournalEvent[]): void {
  const from = stream.events.length + 1;
  let seq = from;
  for (const { type, version, at, body } of events) {
    // Without what `body` says: it would be kept for ever, and is quickly read again by the few who come late.
    stream.events = grown(stream.events, { type, version, at, body, seq });
    seq += 1;
  }
  if (stream.followers.size === 0) return;
  const told = events.map((event, index) => ({ ...event, seq: from + index }));
  stream.followers.forEach((follower) => follower.wake(told));
}

function summarize(
  streams: ReadonlyMap<string, Stream>,
  { prefix, before, limit }: ListOptions,
): readonly StreamSummary[] {
  return [...streams]
    .filter(([name]) => name.startsWith(prefix) && (before === undefined || name < before))
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .flatMap(([name, stream]) => summaryOf(name, stream))
    .slice(0, limit);
}

function recent(
  streams: ReadonlyMap<string, Stream>,
  { prefix, limit, before = String(Number.MAX_SAFE_INTEGER) }: RecentOptions,
): RecentPage {
  const found = [...streams]
    .filter(([name, { place }]) => name.startsWith(prefix) && place > 0 && place < Number(before))
    .toSorted(([, a], [, b]) => b.place - a.place);
  const page = found.slice(0, limit);
  const last = page.at(-1)?.[1].place;
  return {
    streams: page.flatMap(([name, stream]) => summaryOf(name, stream)),
    ...(last === undefined || page.length === found.length ? {} : { next: String(last) }),
  };
}

function summaryOf(stream: string, { events }: Stream): readonly StreamSummary[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [{ stream, version: last.seq, createdAt: first.at, updatedAt: last.at, lastType: last.type }];
}
