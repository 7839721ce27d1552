/**
 * The floor with a writer thread: the two messages of a turn travel to a thread, which makes each durable before the turn
 * goes on. `node bare-thread-worker.ts <folder>`
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { bytesOnDisk } from "./sizes.ts";
import { serveBareTurns } from "./turns.ts";

/** What goes to the thread: session, number and body of each message, one after the other. */
type Batch = (string | number)[];

function write(directory: string): void {
  const db = new DatabaseSync(join(directory, "bare.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("CREATE TABLE events (session TEXT, seq INTEGER, body TEXT, PRIMARY KEY (session, seq))");
  const [begin, insert, commit] = ["BEGIN", "INSERT INTO events VALUES (?, ?, ?)", "COMMIT"].map((sql) =>
    db.prepare(sql),
  );
  parentPort?.on("message", (batch: Batch) => {
    begin?.run();
    for (let at = 0; at < batch.length; at += 3) {
      insert?.run(batch[at] ?? "", batch[at + 1] ?? 0, batch[at + 2] ?? "");
    }
    commit?.run();
    parentPort?.postMessage(0);
  });
}

async function serve(directory: string): Promise<void> {
  const thread = new Worker(new URL(import.meta.url), { workerData: directory });
  let [seq, payload] = [0, 0];
  let batch: Batch = [];
  let waiting: (() => void)[] = [];
  // One for each batch, in the order in which they were sent.
  const sent: (() => void)[][] = [];
  thread.on("message", () => {
    for (const resolve of sent.shift() ?? []) resolve();
  });
  const send = (): void => {
    sent.push(waiting);
    thread.postMessage(batch);
    [batch, waiting] = [[], []];
  };
  const say = (session: string, role: string, text: string): Promise<void> => {
    const body = JSON.stringify({ role, text });
    payload += body.length;
    if (waiting.length === 0) setImmediate(send);
    batch.push(session, ++seq, body);
    return new Promise((resolve) => waiting.push(resolve));
  };
  await serveBareTurns({ say, bytes: () => ({ payload, file: bytesOnDisk(directory) }) });
  await thread.terminate();
}

if (isMainThread) await serve(process.argv[2] ?? "");
else write(String(workerData));
