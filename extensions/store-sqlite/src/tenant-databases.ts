import { readdirSync } from "node:fs";

import { column, openTenantDatabase } from "./tenant-database.ts";
import type { TenantDatabase } from "./tenant-database.ts";

// Each takes three file descriptors and up to 2 MB of cache.
const maxOpen = 200;

/** The tenants' files of one store: those used last are open. */
export class TenantDatabases {
  readonly #directory: string;
  readonly #lockTimeoutMs: number;
  readonly #open = new Map<string, TenantDatabase>();

  constructor(directory: string, lockTimeoutMs: number) {
    this.#directory = directory;
    this.#lockTimeoutMs = lockTimeoutMs;
  }

  /** A tenant's file, made when it is missing. */
  forWriting(tenant: string): TenantDatabase {
    const found = this.#get(tenant, true);
    if (found === undefined) throw new TypeError("A database that was just made is missing.");
    return found;
  }

  /** A tenant's file; undefined when there is none. */
  forReading(tenant: string): TenantDatabase | undefined {
    return this.#get(tenant, false);
  }

  /** Closes a tenant's file after a failure: whatever the connection believes, the next one reads it anew. */
  discard(tenant: string): void {
    const database = this.#open.get(tenant);
    this.#open.delete(tenant);
    database?.close();
  }

  /** The names of all tenants that may have a file. */
  folders(): readonly string[] {
    return readdirSync(this.#directory);
  }

  /** The tenants that have a stream. One whose file cannot be read counts: its own operations tell of that. */
  tenants(): readonly string[] {
    return this.folders()
      .filter((tenant) => {
        try {
          return column(this.forReading(tenant)?.sql("SELECT 1 FROM streams LIMIT 1").get()) === 1;
        } catch {
          return true;
        }
      })
      .toSorted();
  }

  close(): void {
    for (const tenant of this.#open.keys()) this.discard(tenant);
  }

  #get(tenant: string, create: boolean): TenantDatabase | undefined {
    const open = this.#open.get(tenant);
    if (open !== undefined && this.#open.size < maxOpen) return open;
    const file = { directory: this.#directory, tenant, lockTimeoutMs: this.#lockTimeoutMs };
    const found = open ?? openTenantDatabase(file, create);
    if (found === undefined) return undefined;
    // Last in the map is used last; the first gives way.
    this.#open.delete(tenant);
    this.#open.set(tenant, found);
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxOpen && oldest !== undefined) this.discard(oldest);
    return found;
  }
}
