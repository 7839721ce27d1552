import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";

import type { BudgetLedger, CacheTier, CallEventStore, PrefixBook } from "@tau/pipeline";
import type { ContentStore, Journal, Leases } from "@tau/runtime";

import { DatabaseClient } from "./database-client.ts";
import { createSqliteBudgetLedger } from "./sqlite-budget-ledger.ts";
import { createSqliteCallEvents } from "./sqlite-call-events.ts";
import { createSqliteCacheTier } from "./sqlite-cache-tier.ts";
import { createSqliteContentStore } from "./sqlite-content-store.ts";
import { createSqliteJournal } from "./sqlite-journal.ts";
import { createSqliteMemory } from "./sqlite-memory.ts";
import type { SqliteMemory, SqliteMemoryOptions } from "./sqlite-memory.ts";
import { createSqlitePrefixBook } from "./sqlite-prefix-book.ts";
import { createSqliteLeases } from "./sqlite-leases.ts";

/** Options of {@link createSqliteStore}. */
export interface SqliteStoreOptions {
  /** Where the tenants' files are: `<directory>/<tenant>/journal.db`. Made when missing, for this user only. */
  readonly directory: string;
  /** How long a lease outlives a process that vanished without this machine noticing, in milliseconds. Default 10,000. */
  readonly leaseTtlMs?: number;
  /** How long a write waits for a transaction of another process, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number;
  /** How long closing waits for a disk that hangs, in milliseconds. Default 30,000. */
  readonly closeTimeoutMs?: number;
}

/** Everything that Tau keeps, in SQLite. Disposing finishes what was asked, and closes the files. */
export interface SqliteStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly content: ContentStore;
  readonly leases: Leases;
  readonly budget: BudgetLedger;
  /** The second tier of a cache of answers. */
  readonly answers: CacheTier;
  /** What is kept at providers for prompts. */
  readonly prefixes: PrefixBook;
  /** What a tenant remembers, for `createMemory` of `@tau/memory`. Throws `context.invalid_tenant`. */
  memoryOf(tenant: string, options?: SqliteMemoryOptions): SqliteMemory;
  /** What became of model calls. */
  readonly calls: CallEventStore;
}

/**
 * Opens a store: one file for each tenant, WAL, synchronous FULL, group commit in a thread of its own. Several
 * processes may open the same directory.
 *
 * @throws Error of the file system when the directory cannot be made
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { leaseTtlMs = 10_000, lockTimeoutMs = 10_000, closeTimeoutMs = 30_000 } = options;
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const client = await DatabaseClient.open({ directory, lockTimeoutMs, closeTimeoutMs });
  const journal = createSqliteJournal(client);
  const leases = createSqliteLeases(client, leaseTtlMs);
  return {
    journal,
    content: createSqliteContentStore(client),
    leases,
    budget: createSqliteBudgetLedger(client),
    answers: createSqliteCacheTier(client),
    prefixes: createSqlitePrefixBook(client),
    calls: createSqliteCallEvents(client),
    memoryOf: (tenant, memory) => createSqliteMemory(client, tenant, memory),
    async [Symbol.asyncDispose]() {
      await leases.releaseAll();
      await journal[Symbol.asyncDispose]();
    },
  };
}
