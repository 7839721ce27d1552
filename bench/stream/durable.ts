import { openSqliteStore } from "../lib/sqlite-store.ts";
import type { Rung } from "./rung.ts";
import { runtimeRung } from "./runtime-rung.ts";

/** The same with SQLite: the model is asked once the question is on disk. */
export async function openRung(baseUrl: string): Promise<Rung> {
  return runtimeRung(baseUrl, openSqliteStore);
}
