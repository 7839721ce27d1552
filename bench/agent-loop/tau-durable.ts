import { openSqliteStore } from "../lib/sqlite-store.ts";
import { createBenchModel, openTau } from "./tau-rung.ts";
import type { Rung } from "./rung.ts";

/** Tau with its SQLite store. */
export async function openRung({ baseUrl }: { readonly baseUrl: string }): Promise<Rung> {
  return await openTau(await openSqliteStore(), createBenchModel(baseUrl));
}
