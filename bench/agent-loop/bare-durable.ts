import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Pool } from "undici";

import { bareRun } from "./bare-loop.ts";
import type { Rung } from "./rung.ts";

/**
 * The floor of a durable loop: every message in SQLite before the run goes on, WAL, synchronous FULL, and
 * all runs of a tick in one commit, on the main thread.
 */
export async function openRung({
  baseUrl,
  concurrency,
}: {
  readonly baseUrl: string;
  readonly concurrency: number;
}): Promise<Rung> {
  const directory = mkdtempSync(join(tmpdir(), "tau-bench-"));
  const db = new DatabaseSync(join(directory, "bare.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("CREATE TABLE events (run INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID");
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?)");
  const pool = new Pool(baseUrl, { connections: concurrency });
  let queue: { rows: readonly (readonly [number, number, string])[]; resolve: () => void }[] = [];
  let runs = 0;

  const commit = (): void => {
    const batch = queue;
    queue = [];
    db.exec("BEGIN");
    for (const { rows } of batch) for (const [run, seq, body] of rows) insert.run(run, seq, body);
    db.exec("COMMIT");
    for (const { resolve } of batch) resolve();
  };

  return {
    run: () => {
      const run = ++runs;
      let seq = 0;
      return bareRun(pool, (messages) => {
        const rows = messages.map((message) => [run, ++seq, JSON.stringify(message)] as const);
        return new Promise((resolve) => {
          if (queue.length === 0) setImmediate(commit);
          queue.push({ rows, resolve });
        });
      });
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
      db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
