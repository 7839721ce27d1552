import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSqliteStore } from "@tau/store-sqlite";

import type { BenchStore } from "./bench-runtime.ts";

/** Tau's SQLite store in a folder of its own, which is gone with it: WAL, synchronous FULL, group commit in a worker thread. */
export async function openSqliteStore(): Promise<BenchStore> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-"));
  const { journal, content, leases, ...store } = await createSqliteStore({ directory });
  return {
    journal,
    content,
    leases,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
