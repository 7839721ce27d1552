import { createHash } from "node:crypto";

import { writeAnswer } from "./answer-operations.ts";
import { writeBudget } from "./budget-operations.ts";
import { writeCallEvents } from "./call-event-operations.ts";
import { DatabaseError } from "./database-error.ts";
import { acquire, renew } from "./lease-operations.ts";
import { eventWidth, partsOf } from "./placed-append.ts";
import type { PlacedAppend, PlacedPart } from "./placed-append.ts";
import { writeMemory } from "./memory-operations.ts";
import { writePrefix } from "./prefix-operations.ts";
import type { Answers, Plain, WriteOperation } from "./protocol.ts";
import { column } from "./tenant-database.ts";
import type { StreamRow, TenantDatabase } from "./tenant-database.ts";
import { unreachable } from "./unreachable.ts";

/**
 * Adds events to the streams of an append, inside the open transaction.
 *
 * @throws DatabaseError `journal.conflict` before anything is written
 */
export function append(tenant: TenantDatabase, placed: PlacedAppend): void {
  const parts = partsOf(placed);
  for (const { stream, expected } of parts) {
    const version = findStream(tenant, stream)?.version ?? 0;
    if (version === expected) continue;
    throw new DatabaseError("journal.conflict", "The stream has another version.", { stream, version });
  }
  for (const part of parts) {
    insertEvents(tenant, placed.values, part);
    if (part.checkpoint === undefined) continue;
    const [seq = null, version = null, state = null] = placed.values.slice(part.checkpoint);
    tenant.sql(saveCheckpoint).run(part.stream, seq, version, state);
  }
}

const saveCheckpoint = "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)";

function insertEvents(
  tenant: TenantDatabase,
  values: readonly Plain[],
  { stream, events, end }: PlacedPart,
): void {
  if (events === end) return;
  const target = findStream(tenant, stream) ?? createStream(tenant, stream);
  const insert = tenant.sql("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  for (let at = events; at < end; at += eventWidth) {
    target.version += 1;
    insert.run(
      target.id,
      target.version,
      values[at] ?? null,
      values[at + 1] ?? null,
      values[at + 2] ?? null,
      values[at + 3] ?? null,
    );
  }
}

function findStream(tenant: TenantDatabase, stream: string): StreamRow | undefined {
  const known = tenant.streams.get(stream);
  if (known !== undefined) return known;
  const id = column(tenant.sql("SELECT id FROM streams WHERE name = ?").get(stream));
  if (id === undefined) return undefined;
  const version = column(tenant.sql("SELECT max(seq) FROM events WHERE stream_id = ?").get(Number(id)));
  return remember(tenant, stream, { id: Number(id), version: Number(version ?? 0) });
}

function createStream(tenant: TenantDatabase, stream: string): StreamRow {
  const { lastInsertRowid } = tenant.sql("INSERT INTO streams (name) VALUES (?)").run(stream);
  return remember(tenant, stream, { id: Number(lastInsertRowid), version: 0 });
}

// A process that lives long sees many streams; only those written lately are worth remembering.
const maxRemembered = 10_000;

function remember({ streams }: TenantDatabase, stream: string, row: StreamRow): StreamRow {
  if (streams.size >= maxRemembered) streams.clear();
  streams.set(stream, row);
  return row;
}

/** Carries out another write inside the open transaction. */
export function write(tenant: TenantDatabase, operation: WriteOperation): Answers[WriteOperation["op"]] {
  switch (operation.op) {
    case "save_checkpoint": {
      const { stream, seq, version, state } = operation;
      tenant.sql(saveCheckpoint).run(stream, seq, version, state);
      return null;
    }
    case "put_content": {
      const sha256 = createHash("sha256").update(operation.data).digest("hex");
      tenant.sql("INSERT OR IGNORE INTO content VALUES (?, ?)").run(sha256, operation.data);
      return sha256;
    }
    case "answer_put":
    case "answer_drop":
      return writeAnswer(tenant, operation);
    case "prefix_put":
    case "prefix_remove":
      return writePrefix(tenant, operation);
    case "budget_reserve":
    case "budget_settle":
    case "budget_forget":
      return writeBudget(tenant, operation);
    case "call_append":
    case "call_purge":
      return writeCallEvents(tenant, operation);
    case "memory_save":
    case "memory_delete":
    case "memory_rename":
    case "memory_index":
      return writeMemory(tenant, operation);
    case "acquire":
      return acquire(tenant, operation);
    case "renew":
      return renew(tenant, operation);
    case "release":
      tenant.sql("DELETE FROM leases WHERE key = ? AND owner = ?").run(operation.key, operation.owner);
      return null;
    default:
      return unreachable(operation);
  }
}
