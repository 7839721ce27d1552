import { randomUUID } from "node:crypto";

import { assertTenant } from "@tau/core";
import {
  assertMemoryPrefix,
  assertMemoryText,
  etagOf,
  foldPath,
  memoryChanged,
  memoryExists,
  memoryLimits,
  memoryNotFound,
  memoryPathNames,
  memoryTooLarge,
  snippetOf,
  wordsOf,
} from "@tau/memory";
import type { IndexedText, MemoryPrecondition, MemoryStore, SearchIndex, SearchTerm } from "@tau/memory";

import type { DatabaseClient } from "./database-client.ts";
import type { Expected, FiledPath, FiledText, MemoryOutcome } from "./memory-protocol.ts";

/** Options of {@link createSqliteMemory}. */
export interface SqliteMemoryOptions {
  /** How many files a namespace has at most. Default 10,000. */
  readonly maxFiles?: number;
}

/** A tenant's memory in its file: the texts, and the index by which they are found. */
export interface SqliteMemory {
  readonly store: MemoryStore;
  readonly index: SearchIndex;
}

/** Makes the memory of a tenant over the database thread: it lies in the tenant's file and goes with it. */
export function createSqliteMemory(
  client: DatabaseClient,
  tenant: string,
  options: SqliteMemoryOptions = {},
): SqliteMemory {
  assertTenant(tenant);
  return { store: createStore(client, tenant, options), index: createIndex(client, tenant) };
}

function createStore(client: DatabaseClient, tenant: string, options: SqliteMemoryOptions): MemoryStore {
  const { maxFiles = memoryLimits.files } = options;
  return {
    async list(prefix, signal) {
      signal.throwIfAborted();
      assertMemoryPrefix(prefix);
      const entries = await client.ask({ op: "memory_list", tenant, prefix });
      // SQLite orders by bytes, which is another order beyond the first plane.
      return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    },
    async load(path, signal) {
      signal.throwIfAborted();
      memoryPathNames(path);
      const text = await client.ask({ op: "memory_load", tenant, path });
      if (text === null) throw memoryNotFound(path);
      return { path, text, etag: etagOf(text) };
    },
    async save(path, text, condition, signal) {
      signal.throwIfAborted();
      const at = filed(path);
      assertMemoryText(path, text);
      const etag = etagOf(text);
      const [bytes, expected] = [Buffer.byteLength(text), expectedOf(condition)];
      const save = { op: "memory_save", tenant, at, text, etag, stamp: randomUUID(), bytes } as const;
      settle(path, await client.ask({ ...save, now: Date.now(), expected, maxFiles }), maxFiles);
      return etag;
    },
    async delete(path, condition, signal) {
      signal.throwIfAborted();
      memoryPathNames(path);
      settle(
        path,
        await client.ask({ op: "memory_delete", tenant, path, expected: expectedOf(condition) }),
        maxFiles,
      );
    },
    async rename(from, to, signal) {
      signal.throwIfAborted();
      memoryPathNames(from);
      const rename = { op: "memory_rename", tenant, from, to: filed(to), stamp: randomUUID() } as const;
      const outcome = await client.ask({ ...rename, now: Date.now() });
      settle(outcome.kind === "missing" ? from : to, outcome, maxFiles);
    },
  };
}

function filed(path: string): FiledPath {
  const names = memoryPathNames(path);
  const folders = names.slice(0, -1).map((_, index) => {
    const folder = names.slice(0, index + 1).join("/");
    return { path: folder, folded: foldPath(folder) };
  });
  return { path, folded: foldPath(path), folders };
}

function expectedOf({ ifMatch }: MemoryPrecondition): Expected {
  return ifMatch === undefined ? { any: true } : { any: false, etag: ifMatch };
}

function settle(path: string, outcome: MemoryOutcome, maxFiles: number): void {
  if (outcome.kind === "missing") throw memoryNotFound(path);
  if (outcome.kind === "changed") throw memoryChanged(path);
  if (outcome.kind === "taken") throw memoryExists(path, outcome.by);
  if (outcome.kind === "full")
    throw memoryTooLarge(path.slice(0, path.indexOf("/") + 1), `${maxFiles} files`);
}

function createIndex(client: DatabaseClient, tenant: string): SearchIndex {
  return {
    async stamps(signal) {
      signal.throwIfAborted();
      const known = await client.ask({ op: "memory_stamps", tenant });
      return new Map(known.flatMap((path, at) => (at % 2 === 0 ? [[path, known[at + 1] ?? ""]] : [])));
    },
    async update(put, remove, signal) {
      signal.throwIfAborted();
      await client.ask({ op: "memory_index", tenant, put: put.map(toFiled), remove });
    },
    async query(terms, limit, signal) {
      signal.throwIfAborted();
      if (terms.length === 0) return [];
      const found = await client.ask({ op: "memory_query", tenant, match: toMatch(terms), limit });
      return found.map((text) => ({ path: text.path, snippet: snippetOf(text, terms) }));
    },
  };
}

/** The engine gets words that are folded already, so that it need not know how. */
function toFiled({ path, stamp, title, body }: IndexedText): FiledText {
  const [titleWords, bodyWords] = [wordsOf(title).join(" "), wordsOf(body).join(" ")];
  return { path, stamp, title, body, titleWords, bodyWords };
}

/** Words have no quotes in them, so each term is one string of the engine's language, and nothing else is in it. */
function toMatch(terms: readonly SearchTerm[]): string {
  return terms.map(({ words, isPrefix }) => `"${words.join(" ")}"${isPrefix ? "*" : ""}`).join(" OR ");
}
