import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Bytes of the databases under a folder, once all that was written is in them and their logs are empty. */
export function bytesOnDisk(directory: string): number {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const databases = files.filter((file) => file.endsWith(".db")).map((file) => join(directory, file));
  for (const database of databases) {
    const db = new DatabaseSync(database);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  }
  return databases.reduce((sum, database) => sum + statSync(database).size, 0);
}
