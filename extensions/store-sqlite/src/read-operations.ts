import { createHash } from "node:crypto";

import type { RecentPage, StreamSummary } from "@tau/runtime";

import { noAmounts } from "@tau/pipeline/budget";
import { readAnswer } from "./answer-operations.ts";
import { readBudget } from "./budget-operations.ts";
import { readCallEvents } from "./call-event-operations.ts";
import { DatabaseError } from "./database-error.ts";
import { readMemory } from "./memory-operations.ts";
import type { Answers, EventPage, Plain, ReadOperation } from "./protocol.ts";
import { column } from "./tenant-database.ts";
import type { TenantDatabase } from "./tenant-database.ts";
import { unreachable } from "./unreachable.ts";

type Of<Op extends ReadOperation["op"]> = Extract<ReadOperation, { readonly op: Op }>;

/** What is asked for, and whose. */
interface Reading<Op extends ReadOperation["op"]> {
  readonly database: TenantDatabase;
  readonly operation: Of<Op>;
}

/** Carries out a read. */
export function read(database: TenantDatabase, operation: ReadOperation): Answers[ReadOperation["op"]] {
  switch (operation.op) {
    case "version":
      return readVersion(database, operation.stream);
    case "read":
      return readPage({ database, operation });
    case "list":
      return list({ database, operation });
    case "recent":
      return recent({ database, operation });
    case "load_checkpoint":
      return loadCheckpoint(database, operation.stream);
    case "get_content":
      return getContent({ database, operation });
    case "answer_get":
      return readAnswer(database, operation.key);
    case "budget_taken":
      return readBudget(database, operation.query);
    case "call_read":
    case "call_body":
    case "call_wipe":
    case "call_has_older":
      return readCallEvents(database, operation);
    case "memory_list":
    case "memory_load":
    case "memory_stamps":
    case "memory_query":
      return readMemory(database, operation);
    default:
      return unreachable(operation);
  }
}

/** What each read answers for a tenant that has no file. */
export const nothing: { readonly [Op in ReadOperation["op"]]: Answers[Op] } = {
  version: 0,
  read: { events: [], more: false },
  list: [],
  recent: { streams: [] },
  load_checkpoint: null,
  get_content: null,
  answer_get: null,
  budget_taken: noAmounts,
  call_read: [],
  call_body: null,
  call_wipe: null,
  call_has_older: false,
  memory_list: [],
  memory_load: null,
  memory_stamps: [],
  memory_query: [],
};

function readVersion(database: TenantDatabase, stream: string): number {
  const newest = database.sql(
    "SELECT max(seq) FROM events WHERE stream_id = (SELECT id FROM streams WHERE name = ?)",
  );
  return Number(column(newest.get(stream)) ?? 0);
}

// A page is quick enough to delay no commit for long. It has one event at least, whatever its size.
const maxPageEvents = 500;
const maxPageCharacters = 1_048_576;

function readPage({ database, operation }: Reading<"read">): EventPage {
  const { tenant, stream, from, limit = maxPageEvents } = operation;
  const most = Math.min(limit, maxPageEvents);
  const rows: Iterable<unknown> = database
    .sql(
      `SELECT seq, type, version, at, body FROM events
       WHERE stream_id = (SELECT id FROM streams WHERE name = ?) AND seq >= ? ORDER BY seq`,
    )
    .iterate(stream, from);
  const events: Plain[] = [];
  let seq = from;
  let characters = 0;
  for (const row of rows) {
    if (seq - from === most || characters >= maxPageCharacters) return { events, more: true };
    if (!Array.isArray(row) || row[0] !== seq) throw missing(tenant, stream, seq);
    const [, type, version, at, body] = row;
    events.push(type, version, at, body);
    characters += body.length;
    seq += 1;
  }
  return { events, more: false };
}

function missing(tenant: string, stream: string, seq: number): DatabaseError {
  return new DatabaseError(
    "store.corrupt",
    `Event ${seq} of stream "${stream}" is missing in the file of tenant "${tenant}"; restore the file from a backup.`,
  );
}

/** Names are ASCII, so everything that begins with the prefix lies below the prefix and a last character. */
function endOf(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

function list({ database, operation: { options } }: Reading<"list">): readonly StreamSummary[] {
  const { prefix, limit, before } = options;
  const end = endOf(prefix);
  const rows: readonly unknown[] = database
    .sql(
      `SELECT name, newest.seq, oldest.at, newest.at, newest.type
       FROM streams
       JOIN events AS oldest ON oldest.stream_id = id AND oldest.seq = 1
       JOIN events AS newest ON newest.stream_id = id
        AND newest.seq = (SELECT max(seq) FROM events WHERE stream_id = id)
       WHERE name >= ? AND name < ? ORDER BY name DESC LIMIT ?`,
    )
    .all(prefix, before !== undefined && before < end ? before : end, limit);
  return rows.map(toSummary);
}

/** So many of the newest events are looked at for a page before all streams are. */
const newestLookedAt = 5_000;

/**
 * Events lie in the order they were written, so the place of its newest one tells when a stream was written to last: where
 * the newest events are of enough streams, nothing else is looked at.
 */
function recent({ database, operation: { options } }: Reading<"recent">): RecentPage {
  const { limit, before } = options;
  const newest = Number(column(database.sql("SELECT max(rowid) FROM events").get()) ?? 0);
  const from = before === undefined ? newest + 1 : Number(before);
  const among = amongNewest(database, options, from);
  // One more than wanted tells whether there is another page.
  const rows = among.length > limit || from <= newestLookedAt ? among : amongAll(database, options, from);
  const wanted = rows.slice(0, limit);
  const last = wanted.at(-1);
  const streams = wanted.map(toSummary);
  return rows.length > limit && Array.isArray(last) ? { streams, next: String(last[5]) } : { streams };
}

type RecentQuery = Reading<"recent">["operation"]["options"];

function amongNewest(
  database: TenantDatabase,
  { prefix, limit }: RecentQuery,
  from: number,
): readonly unknown[] {
  return database
    .sql(
      `SELECT name, newest.seq, oldest.at, newest.at, newest.type, newest.rowid FROM events AS newest
       CROSS JOIN streams ON streams.id = newest.stream_id
       CROSS JOIN events AS oldest ON oldest.stream_id = streams.id AND oldest.seq = 1
       WHERE newest.rowid < ? AND newest.rowid >= ? AND name >= ? AND name < ?
         AND newest.seq = (SELECT max(seq) FROM events WHERE stream_id = newest.stream_id)
       ORDER BY newest.rowid DESC LIMIT ?`,
    )
    .all(from, from - newestLookedAt, prefix, endOf(prefix), limit + 1);
}

function amongAll(
  database: TenantDatabase,
  { prefix, limit }: RecentQuery,
  from: number,
): readonly unknown[] {
  return database
    .sql(
      `WITH placed AS (
         SELECT id, name, (
           SELECT rowid FROM events WHERE stream_id = streams.id ORDER BY seq DESC LIMIT 1
         ) AS place
         FROM streams WHERE name >= ? AND name < ? AND place < ? ORDER BY place DESC LIMIT ?
       )
       SELECT name, newest.seq, oldest.at, newest.at, newest.type, place FROM placed
       JOIN events AS newest ON newest.rowid = place
       JOIN events AS oldest ON oldest.stream_id = placed.id AND oldest.seq = 1
       ORDER BY place DESC`,
    )
    .all(prefix, endOf(prefix), from, limit + 1);
}

function toSummary(row: unknown): StreamSummary {
  const [stream, version, createdAt, updatedAt, lastType]: readonly unknown[] = Array.isArray(row) ? row : [];
  return {
    stream: String(stream),
    version: Number(version),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    lastType: String(lastType),
  };
}

function loadCheckpoint(database: TenantDatabase, stream: string): Answers["load_checkpoint"] {
  const row: unknown = database
    .sql("SELECT seq, version, state FROM checkpoints WHERE stream = ?")
    .get(stream);
  if (!Array.isArray(row)) return null;
  return { seq: Number(row[0]), version: Number(row[1]), state: String(row[2]) };
}

function getContent({ database, operation }: Reading<"get_content">): Answers["get_content"] {
  const { tenant, sha256 } = operation;
  const data = column(database.sql("SELECT data FROM content WHERE sha256 = ?").get(sha256));
  if (!(data instanceof Uint8Array)) return null;
  if (createHash("sha256").update(data).digest("hex") === sha256) return new Uint8Array(data);
  throw new DatabaseError(
    "content.corrupt",
    `Content ${sha256} of tenant "${tenant}" is damaged; restore the tenant's file from a backup.`,
  );
}
