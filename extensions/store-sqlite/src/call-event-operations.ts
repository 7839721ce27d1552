import { createHash } from "node:crypto";

import type { CallEventAnswers, CallEventRead, CallEventWrite, StoredCall } from "./call-event-protocol.ts";
import { DatabaseError } from "./database-error.ts";
import { column } from "./tenant-database.ts";
import type { TenantDatabase } from "./tenant-database.ts";

/** Carries out a write on events of calls inside the open transaction. */
export function writeCallEvents(
  database: TenantDatabase,
  operation: CallEventWrite,
): CallEventAnswers[CallEventWrite["op"]] {
  if (operation.op === "call_purge") return purge(database, operation);
  // Append-only: an event that is there stays as it is.
  const insert = database.sql("INSERT OR IGNORE INTO call_events VALUES (?, ?, ?, ?, ?, ?)");
  for (const { id, at, session, type, version, event } of operation.events) {
    insert.run(id, at, session, type, version, event);
  }
  const keep = database.sql(
    "INSERT INTO call_bodies VALUES (?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET at = max(at, excluded.at)",
  );
  for (const { sha256, at, data } of operation.bodies) keep.run(sha256, at, data);
  return null;
}

function purge(
  database: TenantDatabase,
  { eventsBefore, bodiesBefore, limit }: Extract<CallEventWrite, { op: "call_purge" }>,
): CallEventAnswers["call_purge"] {
  // Pages that become free can still be read in the file, too; for this alone, it costs writes. Not a prepared statement: the
  // pragma acts when it is prepared.
  database.db.exec("PRAGMA secure_delete = ON");
  try {
    const events = database
      .sql("DELETE FROM call_events WHERE id IN (SELECT id FROM call_events WHERE at < ? LIMIT ?)")
      .run(eventsBefore, limit);
    const bodies = database
      .sql("DELETE FROM call_bodies WHERE sha256 IN (SELECT sha256 FROM call_bodies WHERE at < ? LIMIT ?)")
      .run(bodiesBefore, limit);
    return { events: Number(events.changes), bodies: Number(bodies.changes) };
  } finally {
    database.db.exec("PRAGMA secure_delete = FAST");
  }
}

/** Carries out a read on events of calls. */
export function readCallEvents(
  database: TenantDatabase,
  operation: CallEventRead,
): CallEventAnswers[CallEventRead["op"]] {
  switch (operation.op) {
    case "call_read":
      return readPage(database, operation);
    case "call_body":
      return readBody(database, operation);
    case "call_wipe":
      return emptyLog(database);
    default: {
      const { eventsBefore, bodiesBefore } = operation;
      const older = database.sql(
        `SELECT EXISTS (SELECT 1 FROM call_events WHERE at < ?)
         OR EXISTS (SELECT 1 FROM call_bodies WHERE at < ?)`,
      );
      return column(older.get(eventsBefore, bodiesBefore)) === 1;
    }
  }
}

/**
 * Moves what is in the log to the file, and empties the log: what was removed is still in it. Where another process is reading
 * at this moment, that is left to the log's next turn: nobody waits for it.
 */
function emptyLog(database: TenantDatabase): null {
  const timeout = Number(column(database.sql("PRAGMA busy_timeout").get()) ?? 0);
  database.db.exec("PRAGMA busy_timeout = 0");
  try {
    database.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.db.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
  return null;
}

function readPage(
  database: TenantDatabase,
  { from, before: [at, id], session, limit }: Extract<CallEventRead, { op: "call_read" }>,
): readonly StoredCall[] {
  const where = `at >= ? AND (at, id) < (?, ?) ${session === null ? "" : "AND session = ?"}`;
  const rows: readonly unknown[] = database
    .sql(
      `SELECT id, at, session, type, version, event FROM call_events
       WHERE ${where} ORDER BY at DESC, id DESC LIMIT ?`,
    )
    .all(from, at, id, ...(session === null ? [] : [session]), limit);
  return rows.filter(Array.isArray).map((row) => ({
    id: String(row[0]),
    at: Number(row[1]),
    session: row[2] === null ? null : String(row[2]),
    type: String(row[3]),
    version: Number(row[4]),
    event: String(row[5]),
  }));
}

/** @throws DatabaseError `content.corrupt` */
function readBody(
  database: TenantDatabase,
  { tenant, sha256 }: Extract<CallEventRead, { op: "call_body" }>,
): Uint8Array<ArrayBuffer> | null {
  const data = column(database.sql("SELECT data FROM call_bodies WHERE sha256 = ?").get(sha256));
  if (!(data instanceof Uint8Array)) return null;
  if (createHash("sha256").update(data).digest("hex") === sha256) return new Uint8Array(data);
  throw new DatabaseError(
    "content.corrupt",
    `Body ${sha256} of tenant "${tenant}" is damaged; restore the tenant's file from a backup.`,
  );
}
