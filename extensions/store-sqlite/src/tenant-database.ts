import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";

import { DatabaseError } from "./database-error.ts";
import { prepareSchema } from "./schema.ts";

// How long to wait for another process's transaction, in milliseconds.
const busyTimeoutMs = 10_000;

/** One tenant's file, and the statements prepared on it. */
export interface TenantDatabase {
  readonly db: DatabaseSync;
  /** Prepares a statement once. */
  sql(text: string): StatementSync;
  /** Versions of streams as of the last transaction; emptied when another process wrote. */
  readonly streams: Map<string, StreamRow>;
  foreignVersion(): number;
  close(): void;
}

/** Where a stream stands. */
export interface StreamRow {
  readonly id: number;
  version: number;
}

/** Where a tenant's file is. */
export function tenantFile(directory: string, tenant: string): string {
  return join(directory, tenant, "journal.db");
}

/** Opens a tenant's file, makes it when `create` says so, and answers undefined when there is none. */
export function openTenantDatabase(
  directory: string,
  tenant: string,
  create: boolean,
): TenantDatabase | undefined {
  const path = tenantFile(directory, tenant);
  if (!existsSync(path)) {
    if (!create) return undefined;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its other files the mode of this one.
    closeSync(openSync(path, "a", 0o600));
  }
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    assertReady(prepareSchema(db), tenant);
  } catch (error) {
    db.close();
    throw error;
  }
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text) ?? db.prepare(text);
    statements.set(text, known);
    return known;
  };
  return {
    db,
    sql,
    streams: new Map(),
    foreignVersion: () => Number(sql("PRAGMA data_version").get()?.["data_version"]),
    close() {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      db.close();
    },
  };
}

function assertReady(state: ReturnType<typeof prepareSchema>, tenant: string): void {
  if (state === "newer") {
    throw new DatabaseError(
      "store.newer_schema",
      `The file of tenant "${tenant}" was written by a newer Tau; use that version.`,
    );
  }
  if (state === "foreign") {
    throw new DatabaseError(
      "store.corrupt",
      `The file of tenant "${tenant}" is a database, but not Tau's; it was left as it is.`,
    );
  }
}
