import type { PrefixWrite } from "./prefix-protocol.ts";
import type { TenantDatabase } from "./tenant-database.ts";

/** Carries out a write on kept prefixes inside the open transaction. */
export function writePrefix(database: TenantDatabase, operation: PrefixWrite): null {
  const { id } = operation;
  if (operation.op === "prefix_remove") database.sql("DELETE FROM prefixes WHERE id = ?").run(id);
  else database.sql("INSERT OR REPLACE INTO prefixes VALUES (?, ?)").run(id, operation.record);
  return null;
}

/** The records of a tenant, as JSON. */
export function readPrefixes(database: TenantDatabase): readonly string[] {
  const rows: readonly unknown[] = database.sql("SELECT record FROM prefixes ORDER BY id").all();
  return rows.map((row) => (Array.isArray(row) ? String(row[0]) : ""));
}
