import { assertTenant, isJsonObject, isTauError, parseJson } from "@tau/core";
import { assertStreamId, assertTogether, journalClosed, journalConflict } from "@tau/runtime";
import type { Checkpoint, Journal, StoredEvent, StreamAppend, StreamId, StreamSummary } from "@tau/runtime";

import type { DatabaseClient } from "./database-client.ts";
import { Follower } from "./follower.ts";
import type { FollowerHost, Page } from "./follower.ts";
import { Followers } from "./followers.ts";
import type { Answers, EventPage } from "./protocol.ts";

/** Makes the {@link Journal} over the database thread. */
export function createSqliteJournal(client: DatabaseClient): Journal {
  const followers = new Followers({ client, read: (id, from) => readPage(client, id, { from }) });
  const closing = new AbortController();
  const check = (id: StreamId): void => {
    assertStreamId(id);
    closing.signal.throwIfAborted();
  };

  const host: FollowerHost = {
    add(follower, next) {
      check(follower.id);
      return followers.add(follower, next);
    },
    remove: (follower) => followers.remove(follower),
    read: (id, next) => followers.read(id, next),
  };
  const told = ({ id, expectedVersion, events }: StreamAppend): number => {
    followers.tell(id, expectedVersion, events);
    return expectedVersion + events.length;
  };

  return {
    append: (id, expectedVersion, events) =>
      new Promise((resolve, reject) => {
        check(id);
        // A copy, because the caller may change its array before this is durable.
        const append = { id, expectedVersion, events: [...events] };
        client.append([append], (failure) => {
          if (failure !== undefined) reject(conflicting(failure, [append]));
          else resolve(told(append));
        });
      }),

    appendAll: (appends) =>
      new Promise((resolve, reject) => {
        assertTogether(appends);
        closing.signal.throwIfAborted();
        if (appends.length === 0) return resolve([]);
        const copies = appends.map((append) => ({ ...append, events: [...append.events] }));
        client.append(copies, (failure) => {
          if (failure !== undefined) reject(conflicting(failure, copies));
          else resolve(copies.map(told));
        });
      }),

    async version(id) {
      check(id);
      return await client.ask({ op: "version", ...id });
    },

    async *read(id, from, signal) {
      check(id);
      yield* readPages({ client, id, from: Math.max(1, from) }, signal);
    },

    follow: (id, from, signal) => new Follower(host, { id, from }, signal),

    async tenants() {
      closing.signal.throwIfAborted();
      return await client.ask({ op: "tenants" });
    },

    async list(tenant, options) {
      assertTenant(tenant);
      closing.signal.throwIfAborted();
      return await listPages(client, tenant, options);
    },

    async recent(tenant, options) {
      assertTenant(tenant);
      closing.signal.throwIfAborted();
      return await client.ask({ op: "recent", tenant, options });
    },

    async saveCheckpoint(id, { seq, version, state }) {
      check(id);
      await client.ask({ op: "save_checkpoint", ...id, seq, version, state: JSON.stringify(state) });
    },

    async loadCheckpoint(id) {
      check(id);
      return toCheckpoint(await client.ask({ op: "load_checkpoint", ...id }));
    },

    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return;
      closing.abort(journalClosed());
      followers.failAll(closing.signal.reason);
      await client.close();
    },
  };
}

interface Reading {
  readonly client: DatabaseClient;
  readonly id: StreamId;
  readonly from: number;
}

// Whoever only wants what comes next gets that quickly.
const firstPage = 128;

/** Yields page after page. From the second one on the thread fetches the next one while this one is used. */
async function* readPages(
  { client, id, from }: Reading,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEvent[]> {
  let ahead: Promise<Page> | undefined;
  for (let next = from, isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const query = isFirst ? { from: next, limit: firstPage } : { from: next };
    const { events, more } = await (ahead ?? readPage(client, id, query));
    signal.throwIfAborted();
    next += events.length;
    ahead = more && !isFirst ? readAhead(client, id, next) : undefined;
    if (events.length > 0) yield events;
    if (!more) return;
  }
}

function readAhead(client: DatabaseClient, id: StreamId, from: number): Promise<Page> {
  const page = readPage(client, id, { from });
  // Before the reader begins with what it gets now, which takes a while.
  client.sendNow();
  // Who leaves before it comes need not hear of its failure.
  page.catch(() => undefined);
  return page;
}

interface PageQuery {
  readonly from: number;
  /** How many events at most; the thread has a limit of its own. */
  readonly limit?: number;
}

async function readPage(client: DatabaseClient, id: StreamId, query: PageQuery): Promise<Page> {
  const page = await client.ask({ op: "read", ...id, ...query });
  return { events: toEvents(page, query.from), more: page.more };
}

// A page of a list is quick enough to delay no commit for long.
const maxListed = 500;

async function listPages(
  client: DatabaseClient,
  tenant: string,
  options: Parameters<Journal["list"]>[1],
): Promise<readonly StreamSummary[]> {
  const found: StreamSummary[] = [];
  for (let page = options; found.length < options.limit;) {
    const limit = Math.min(options.limit - found.length, maxListed);
    const more = await client.ask({ op: "list", tenant, options: { ...page, limit } });
    found.push(...more);
    const last = more.at(-1);
    if (last === undefined || more.length < limit) break;
    page = { ...page, before: last.stream };
  }
  return found;
}

function conflicting(failure: Error, appends: readonly StreamAppend[]): Error {
  if (!isTauError(failure) || failure.code !== "journal.conflict") return failure;
  const { stream, actualVersion } = failure.details;
  const refused = appends.find(({ id }) => id.stream === stream);
  if (refused === undefined) return failure;
  return journalConflict(refused.id, refused.expectedVersion, Number(actualVersion));
}

function toEvents({ events: values }: EventPage, from: number): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let at = 0, seq = from; at < values.length; at += 4, seq += 1) {
    events.push({
      seq,
      type: String(values[at]),
      version: Number(values[at + 1]),
      at: Number(values[at + 2]),
      body: String(values[at + 3]),
    });
  }
  return events;
}

function toCheckpoint(row: Answers["load_checkpoint"]): Checkpoint | undefined {
  if (row === null) return undefined;
  const { seq, version, state } = row;
  const parsed = parseJson(state);
  // A checkpoint saves reading and is never truth: without a usable one, the events are read.
  return parsed.ok && isJsonObject(parsed.value) ? { seq, version, state: parsed.value } : undefined;
}
