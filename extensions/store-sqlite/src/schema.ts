import type { DatabaseSync } from "node:sqlite";

/** `PRAGMA application_id` of Tau's files: "Tau1". */
const applicationId = 0x54617531;

/** Each entry takes a file from its index to the version after it. Never change one that was released. */
const migrations: readonly string[] = [
  // Events lie in the order they were written, whatever their stream: pages fill up and are written once. The
  // index finds a stream's events. Types and versions are repeated in each row because a table for them would
  // cost a look-up for fifteen bytes.
  `CREATE TABLE streams (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
     created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, last_type TEXT NOT NULL
   ) STRICT;
   CREATE TABLE events (
     stream_id INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
     at INTEGER NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX events_by_stream ON events (stream_id, seq);
   CREATE TABLE checkpoints (
     stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE content (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
   CREATE TABLE leases (key TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
];

/** The schema this build writes. */
export const schemaVersion: number = migrations.length;

/** What {@link prepareSchema} found. */
export type SchemaState = "ready" | "newer" | "foreign";

/** Brings a file to this build's schema, or says why it must be left alone. */
export function prepareSchema(db: DatabaseSync): SchemaState {
  const version = pragma(db, "user_version");
  if (version > schemaVersion) return "newer";
  if (version === schemaVersion) return pragma(db, "application_id") === applicationId ? "ready" : "foreign";
  db.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster.
    const found = pragma(db, "user_version");
    if (found === 0 && hasTables(db)) {
      db.exec("ROLLBACK");
      return "foreign";
    }
    for (const migration of migrations.slice(found)) db.exec(migration);
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`);
    return "ready";
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function hasTables(db: DatabaseSync): boolean {
  return Number(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"] ?? 0) > 0;
}
