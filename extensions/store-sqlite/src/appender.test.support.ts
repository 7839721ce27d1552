/**
 * A process for the tests that kill it: appends to one stream and tells on stdout what was acknowledged.
 *
 * Arguments: directory, name of this writer, events until it ends by itself (0: until it is killed).
 */
import { writeSync } from "node:fs";

import { isTauError } from "@tau/core";

import { createSqliteStore } from "./create-sqlite-store.ts";

const [directory = "", writer = "", limit = "0"] = process.argv.slice(2);
const isDone = (made: number): boolean => limit !== "0" && made >= Number(limit);
const id = { tenant: "acme", stream: "session/1" };
const store = await createSqliteStore({ directory });

// Each writer counts its own events from where the stream has them.
let made = 0;
for await (const batch of store.journal.read(id, 1, new AbortController().signal)) {
  made += batch.filter((event) => event.type === writer).length;
}
for (let version = await store.journal.version(id); !isDone(made);) {
  const count = 1 + (made % 4);
  const events = Array.from({ length: count }, (_, index) => ({
    type: writer,
    version: 1,
    at: 0,
    body: JSON.stringify({ made: made + index, of: count, text: "x".repeat((made * 97) % 3_000) }),
  }));
  try {
    version = await store.journal.append(id, version, events);
    made += count;
    // Synchronous, so that it is out before the next append begins.
    writeSync(1, `${made}\n`);
  } catch (error) {
    if (!isTauError(error) || error.code !== "journal.conflict") throw error;
    version = await store.journal.version(id);
  }
}
await store[Symbol.asyncDispose]();
