import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSqliteStore } from "@tau/store-sqlite";

import { createBenchModel, openTau } from "./tau-rung.ts";
import type { Rung } from "./rung.ts";

/** Tau with its SQLite store: WAL, synchronous FULL, group commit in a worker thread. */
export async function openRung({ baseUrl }: { readonly baseUrl: string }): Promise<Rung> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-"));
  const store = await createSqliteStore({ directory });
  const tau = await openTau(store, createBenchModel(baseUrl));
  return {
    run: () => tau.run(),
    async [Symbol.asyncDispose]() {
      await tau[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
