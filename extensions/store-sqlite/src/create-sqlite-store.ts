import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";

import type { ContentStore, Journal, Leases } from "@tau/runtime";

import { createDatabaseClient } from "./database-client.ts";
import { createSqliteContentStore } from "./sqlite-content-store.ts";
import { createSqliteJournal } from "./sqlite-journal.ts";
import { createSqliteLeases } from "./sqlite-leases.ts";

/** Options of {@link createSqliteStore}. */
export interface SqliteStoreOptions {
  /** Where the tenants' files are: `<directory>/<tenant>/journal.db`. Made when missing, for this user only. */
  readonly directory: string;
  /** How long a lease outlives a process that vanished without this machine noticing, in milliseconds. Default 10,000. */
  readonly leaseTtlMs?: number;
}

/** Everything that Tau keeps, in SQLite. Disposing finishes what was asked, and closes the files. */
export interface SqliteStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly content: ContentStore;
  readonly leases: Leases;
}

/**
 * Opens a store: one file for each tenant, WAL, synchronous FULL, group commit in a thread of its own. Several
 * processes may open the same directory.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const client = createDatabaseClient(directory);
  const journal = createSqliteJournal(client);
  const leases = createSqliteLeases(client, options.leaseTtlMs ?? 10_000);
  return {
    journal,
    content: createSqliteContentStore(client),
    leases,
    async [Symbol.asyncDispose]() {
      await leases.releaseAll();
      await journal[Symbol.asyncDispose]();
    },
  };
}
