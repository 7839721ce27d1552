import type { DatabaseSync } from "node:sqlite";

import { DatabaseError } from "./database-error.ts";

/** `PRAGMA application_id` of Tau's files: "Tau1". */
const applicationId = 0x54617531;

/** Each entry takes a file from its index to the version after it. Never change one that was released. */
const migrations: readonly string[] = [
  // Events lie in the order they were written, whatever their stream, so a commit of many streams fills few
  // pages; the index finds a stream's events, and its last entry is the stream's version. Nothing is updated in
  // place: an append costs the same at the first event and at the millionth.
  `CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE events (
     stream_id INTEGER NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
     at INTEGER NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX events_by_stream ON events (stream_id, seq);
   CREATE TABLE checkpoints (
     stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL
   ) STRICT;
   CREATE TABLE content (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
   CREATE TABLE leases (
     key TEXT PRIMARY KEY, owner TEXT NOT NULL, ttl_ms INTEGER NOT NULL,
     renewed_at INTEGER NOT NULL, renewed_up INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE budget_counters (
     account TEXT NOT NULL, "window" TEXT NOT NULL, start INTEGER NOT NULL,
     requests INTEGER NOT NULL, tokens INTEGER NOT NULL, cost INTEGER NOT NULL,
     UNIQUE (account, "window", start)
   ) STRICT;
   CREATE TABLE budget_held (
     id TEXT PRIMARY KEY, at INTEGER NOT NULL, amounts TEXT NOT NULL, places TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX budget_held_by_time ON budget_held (at);
   CREATE INDEX budget_counters_by_start ON budget_counters (start);
   CREATE TABLE answers (
     key TEXT PRIMARY KEY, session TEXT, expires_at INTEGER NOT NULL, answer TEXT NOT NULL
   ) STRICT;
   CREATE INDEX answers_by_session ON answers (session) WHERE session IS NOT NULL;
   CREATE INDEX answers_by_expiry ON answers (expires_at);
   CREATE TABLE prefixes (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE call_events (
     id TEXT PRIMARY KEY, at INTEGER NOT NULL, session TEXT, type TEXT NOT NULL, version INTEGER NOT NULL,
     event TEXT NOT NULL
   ) STRICT;
   CREATE INDEX call_events_by_time ON call_events (at, id);
   CREATE INDEX call_events_by_session ON call_events (session, at, id) WHERE session IS NOT NULL;
   CREATE TABLE call_bodies (sha256 TEXT PRIMARY KEY, at INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
   CREATE INDEX call_bodies_by_time ON call_bodies (at);`,
  // The words are kept apart from the texts, which say what is shown of them: folded words are no sentence.
  `CREATE TABLE memory_files (
     path TEXT PRIMARY KEY, folded TEXT NOT NULL UNIQUE, body TEXT NOT NULL, etag TEXT NOT NULL, stamp TEXT NOT NULL,
     bytes INTEGER NOT NULL, at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE memory_texts (
     id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, stamp TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL
   ) STRICT;
   CREATE VIRTUAL TABLE memory_words USING fts5(
     title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
   );`,
];

const newestVersion = migrations.length;

/** Makes the tables of a new file. */
export function createSchema(db: DatabaseSync): void {
  db.exec(`BEGIN; PRAGMA application_id = ${applicationId}`);
  for (const migration of migrations) db.exec(migration);
  db.exec(`PRAGMA user_version = ${newestVersion}; COMMIT`);
}

/**
 * Brings a file that exists to this build's schema.
 *
 * @throws DatabaseError `store.newer_schema`, `store.corrupt`; the file is as it was.
 */
export function migrateSchema(db: DatabaseSync, tenant: string): void {
  if (pragma(db, "application_id") !== applicationId) {
    throw new DatabaseError(
      "store.corrupt",
      `The file of tenant "${tenant}" is empty, or not a database of Tau; it was left as it is. Restore it from a backup.`,
    );
  }
  const version = pragma(db, "user_version");
  if (version > newestVersion) {
    throw new DatabaseError(
      "store.newer_schema",
      `The file of tenant "${tenant}" was written by a newer Tau; use that version.`,
    );
  }
  if (version === newestVersion) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Another process may have been faster.
    for (const migration of migrations.slice(pragma(db, "user_version"))) db.exec(migration);
    db.exec(`PRAGMA user_version = ${newestVersion}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
