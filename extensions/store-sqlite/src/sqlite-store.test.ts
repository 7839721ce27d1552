import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Journal } from "@tau/runtime";
import { describeContentStore, describeJournal, describeLeases } from "@tau/runtime/testing";

import { createSqliteStore } from "./create-sqlite-store.ts";
import type { SqliteStore } from "./create-sqlite-store.ts";

/** A store on a new folder, which goes with the first store on it. */
interface TestStore extends SqliteStore {
  readonly directory: string;
}

async function openOn(directory: string, remove: boolean): Promise<TestStore> {
  const store = await createSqliteStore({ directory, leaseTtlMs: 300 });
  return {
    ...store,
    directory,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      if (remove) await rm(directory, { recursive: true, force: true });
    },
  };
}

async function openNew(): Promise<TestStore> {
  return await openOn(await mkdtemp(join(tmpdir(), "tau-store-")), true);
}

const folders = new WeakMap<object, string>();

/** The journal of a store of its own; disposing of it closes the store. */
async function journalOn(directory: string): Promise<Journal> {
  const store = await openOn(directory, false);
  const journal: Journal = { ...store.journal, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  folders.set(journal, directory);
  return journal;
}

const folderOf = (first: object): string => folders.get(first) ?? "";

describeJournal("createSqliteStore()", {
  open: async () => await journalOn(await mkdtemp(join(tmpdir(), "tau-store-"))),
  reopen: async (first) => await journalOn(folderOf(first)),
});

async function remembered(): Promise<TestStore> {
  const store = await openNew();
  folders.set(store, store.directory);
  return store;
}

describeContentStore("createSqliteStore()", {
  open: remembered,
  reopen: async (first) => await openOn(folderOf(first), false),
});

describeLeases("createSqliteStore()", {
  open: remembered,
  reopen: async (first) => await openOn(folderOf(first), false),
});
