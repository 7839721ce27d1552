import { describePrefixBook } from "@tau/pipeline/testing";
import { expect, test } from "vitest";

import { createSqliteStore } from "./create-sqlite-store.ts";
import { openFile, testFolder } from "./test-store.test.support.ts";

describePrefixBook("createSqliteStore().prefixes", async () => {
  const folder = await testFolder();
  const store = await createSqliteStore({ directory: folder.path });
  return {
    book: store.prefixes,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

test("createSqliteStore().prefixes leaves out what is no record, and goes on to the next tenant", async () => {
  await using folder = await testFolder();
  await using store = await createSqliteStore({ directory: folder.path });
  const record = {
    id: "a",
    provider: "p",
    model: "m",
    handle: "h",
    tokens: 1,
    messages: 1,
    createdAt: 0,
    expiresAt: 1,
  };
  await store.prefixes.put({ ...record, tenant: "acme" });
  await store.prefixes.put({ ...record, tenant: "globex" });
  using file = openFile(folder.path, "acme");
  file.prepare("UPDATE prefixes SET record = ?").run("{");

  expect((await store.prefixes.all()).map(({ tenant }) => tenant)).toEqual(["globex"]);
});
