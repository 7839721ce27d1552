import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";

import { createSchema, migrateSchema } from "./schema.ts";

/** One tenant's file, and the statements prepared on it. */
export interface TenantDatabase {
  readonly db: DatabaseSync;
  /** Prepares a statement once; its rows are arrays. */
  sql(text: string): StatementSync;
  /** Where streams stand, as of the last transaction. */
  readonly streams: Map<string, StreamRow>;
  /** Forgets where streams stand if another process wrote. Only inside a transaction does the answer last. */
  refresh(): void;
  /** A number that differs when another process wrote. Never the same for two openings of a file. */
  foreignVersion(): number;
  close(): void;
}

/** Where a stream stands. */
export interface StreamRow {
  readonly id: number;
  version: number;
}

/** What {@link openTenantDatabase} opens. */
export interface TenantFile {
  readonly directory: string;
  readonly tenant: string;
  /** How long to wait for another process's transaction. */
  readonly lockTimeoutMs: number;
}

let openings = 0;

/** Opens a tenant's file, makes it when `create` says so, and answers undefined when there is none. */
export function openTenantDatabase(file: TenantFile, create: boolean): TenantDatabase | undefined {
  const path = join(file.directory, file.tenant, "journal.db");
  if (!existsSync(path)) {
    if (!create) return undefined;
    createFile(path);
  }
  const db = new DatabaseSync(path, { timeout: file.lockTimeoutMs });
  try {
    migrateSchema(db, file.tenant);
    db.exec("PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
    // Else rows that were moved within the tree stay readable where they were, and nothing that is purged is gone.
    db.exec("PRAGMA secure_delete = FAST");
  } catch (error) {
    db.close();
    throw error;
  }
  return withStatements(db);
}

function withStatements(db: DatabaseSync): TenantDatabase {
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = db.prepare(text);
    made.setReturnArrays(true);
    statements.set(text, made);
    return made;
  };
  const opening = ++openings * 2 ** 32;
  const streams = new Map<string, StreamRow>();
  const foreignVersion = (): number => opening + Number(column(sql("PRAGMA data_version").get()));
  let seen = 0;
  return {
    db,
    sql,
    streams,
    foreignVersion,
    refresh() {
      const found = foreignVersion();
      if (found !== seen) streams.clear();
      seen = found;
    },
    close: () => db.close(),
  };
}

/** The first column of a row that was asked for as an array. */
export function column(row: unknown): unknown {
  return Array.isArray(row) ? row[0] : undefined;
}

/**
 * Makes a file elsewhere and links it to its place when it is whole. So a file in its place always was a
 * database once: an empty one is damage, not a beginning, and is never taken for a new tenant.
 */
function createFile(path: string): void {
  const folder = dirname(path);
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(folder));
  const draft = `${path}.${randomUUID()}`;
  try {
    // SQLite gives its other files the mode of this one.
    closeSync(openSync(draft, "wx", 0o600));
    const db = new DatabaseSync(draft);
    try {
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      createSchema(db);
    } finally {
      db.close();
    }
    place(draft, path);
    syncFolder(folder);
  } finally {
    rmSync(draft, { force: true });
  }
}

function place(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    // Another process was faster; its file serves as well.
    if (!existsSync(path)) throw error;
  }
}

/** Makes the names in a folder durable. Windows does so itself, and does not open folders. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
