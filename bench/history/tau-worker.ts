/** Turns of the whole runtime. `node tau-worker.ts <folder>`, or without a folder in memory. */
import { createSqliteStore } from "@tau/store-sqlite";
import { userText, uuidv7 } from "@tau/core";
import { tuneCollector, tuneCompiler } from "@tau/runtime";
import type { Journal, JournalEvent } from "@tau/runtime";

import { openBenchRuntime, openMemoryStore } from "../lib/bench-runtime.ts";
import { createFakeModel } from "../lib/fake-model.ts";
import { bytesOnDisk } from "./sizes.ts";
import { answerToken, said, serveTurns } from "./turns.ts";

let payload = 0;

/** Counts the bytes of what is appended. */
function counting(journal: Journal): Journal {
  const count = (events: readonly JournalEvent[]): void => {
    for (const { body } of events) payload += Buffer.byteLength(body);
  };
  return {
    ...journal,
    append(id, expectedVersion, events) {
      count(events);
      return journal.append(id, expectedVersion, events);
    },
    appendAll(appends) {
      for (const { events } of appends) count(events);
      return journal.appendAll(appends);
    },
  };
}

// As `tau serve` does.
tuneCollector();
tuneCompiler();
const directory = process.argv[2] ?? "";
const store = directory === "" ? openMemoryStore() : await createSqliteStore({ directory });
const model = createFakeModel({ tokens: 10, token: answerToken, batch: 10 });
const journal = counting(store.journal);
const tau = await openBenchRuntime(
  {
    journal,
    content: store.content,
    leases: store.leases,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  },
  model,
);

async function turn(sessionId: string): Promise<void> {
  const { runId, fromSeq } = await tau.runtime.startRun({ sessionId, prompt: userText(said) }, tau.context);
  for await (const batch of tau.runtime.attach({ sessionId, fromSeq, untilRunEnds: runId }, tau.context)) {
    const last = batch.at(-1);
    if (last?.kind !== "event" || last.event.type !== "run_finished") continue;
    if (last.event.status !== "completed") throw new Error(`A turn ended ${last.event.status}.`);
  }
}

async function begin(): Promise<string> {
  return (await tau.runtime.createSession({ externalId: uuidv7() }, tau.context)).sessionId;
}

await serveTurns({
  begin,
  turn,
  bytes: () => ({ payload, file: directory === "" ? 0 : bytesOnDisk(directory) }),
});
await tau[Symbol.asyncDispose]();
