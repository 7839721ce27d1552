import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { bodyOf } from "./measure.ts";
import type { Rung } from "./measure.ts";

/** What people write first: a table with a key, one commit for all that a tick of the event loop brings. */
export async function openBareTable(): Promise<Rung> {
  return openGroupCommit(
    "CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID",
  );
}

/** The leanest that still finds a run's events: rows in the order of writing, and an index. */
export async function openBareLog(): Promise<Rung> {
  return openGroupCommit(
    "CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT); CREATE UNIQUE INDEX by_run ON events (run, seq)",
  );
}

/** No group commit: each append waits for its own. */
export async function openBareRows(): Promise<Rung> {
  const { db, close } = openDatabase(
    "CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID",
  );
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?)");
  return {
    append: async (run, seq) => insert.run(run, seq, bodyOf(seq)),
    [Symbol.asyncDispose]: async () => close(),
  };
}

function openGroupCommit(schema: string): Rung {
  const { db, close } = openDatabase(schema);
  const begin = db.prepare("BEGIN IMMEDIATE");
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?)");
  const end = db.prepare("COMMIT");
  let queue: { readonly row: readonly [number, number, string]; readonly resolve: () => void }[] = [];
  const commit = (): void => {
    const batch = queue;
    queue = [];
    begin.run();
    for (const { row } of batch) insert.run(...row);
    end.run();
    for (const { resolve } of batch) resolve();
  };
  return {
    append: (run, seq) =>
      new Promise<void>((resolve) => {
        if (queue.length === 0) setImmediate(commit);
        queue.push({ row: [run, seq, bodyOf(seq)], resolve });
      }),
    [Symbol.asyncDispose]: async () => close(),
  };
}

function openDatabase(schema: string): { readonly db: DatabaseSync; readonly close: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "tau-bench-"));
  const db = new DatabaseSync(join(directory, "bare.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec(schema);
  return {
    db,
    close() {
      db.close();
      rmSync(directory, { recursive: true });
    },
  };
}
