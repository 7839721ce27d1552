/**
 * The floor: two messages a turn in SQLite, each durable before the turn goes on; what several sessions say in
 * one turn of the event loop goes into one commit. `node bare-worker.ts <folder>`
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { bytesOnDisk } from "./sizes.ts";
import { serveBareTurns } from "./turns.ts";

const directory = process.argv[2] ?? "";
const db = new DatabaseSync(join(directory, "bare.db"));
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec("CREATE TABLE events (session TEXT, seq INTEGER, body TEXT, PRIMARY KEY (session, seq))");
const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?)");
let seq = 0;
let payload = 0;

let waiting: (() => void)[] = [];

function commit(): void {
  const durable = waiting;
  waiting = [];
  db.exec("COMMIT");
  for (const resolve of durable) resolve();
}

function say(session: string, role: string, text: string): Promise<void> {
  const body = JSON.stringify({ role, text });
  payload += body.length;
  if (waiting.length === 0) {
    db.exec("BEGIN");
    setImmediate(commit);
  }
  insert.run(session, ++seq, body);
  return new Promise((resolve) => waiting.push(resolve));
}

await serveBareTurns({ say, bytes: () => ({ payload, file: bytesOnDisk(directory) }) });
db.close();
