import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { openFile, readAll, eventOf, testFolder } from "./test-store.test.support.ts";

const id = { tenant: "acme", stream: "session/1" };
const tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";

/** Makes a file as version 1 wrote it, out of one of today's. */
function takeBack(file: DatabaseSync): void {
  file.exec(
    "DROP TABLE budget_counters; DROP TABLE budget_held; DROP TABLE answers; DROP TABLE prefixes; DROP TABLE call_events; DROP TABLE call_bodies; DROP TABLE memory_files; DROP TABLE memory_texts; DROP TABLE memory_words; PRAGMA user_version = 1",
  );
}

test("a file of version 1 keeps its events and gets what it lacks", async () => {
  await using folder = await testFolder();
  const first = await createSqliteStore({ directory: folder.path });
  await first.journal.append(id, 0, [eventOf("kept")]);
  await first[Symbol.asyncDispose]();
  const file = openFile(folder.path, "acme");
  const wanted = file.prepare(tables).all();
  takeBack(file);
  file.close();

  await using store = await createSqliteStore({ directory: folder.path });
  await store.journal.append(id, 1, [eventOf("new")]);

  expect((await readAll(store, id)).map(({ body }) => body)).toEqual(["kept", "new"]);
  using again = openFile(folder.path, "acme");
  expect(again.prepare(tables).all()).toEqual(wanted);
});
