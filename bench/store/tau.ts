import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSqliteStore } from "@tau/store-sqlite";

import { bodyOf } from "./measure.ts";
import type { Rung } from "./measure.ts";

/** The store as everybody gets it: a journal with types, times, versions, conflicts and followers. */
export async function openTau(): Promise<Rung> {
  const directory = await mkdtemp(join(tmpdir(), "tau-bench-"));
  const store = await createSqliteStore({ directory });
  return {
    append: (run, seq) =>
      store.journal.append({ tenant: "bench", stream: `session/${run}` }, seq - 1, [
        { type: "model_finished", version: 1, at: Date.now(), body: bodyOf(seq) },
      ]),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}
