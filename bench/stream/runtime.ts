import { openMemoryStore } from "../lib/bench-runtime.ts";
import type { Rung } from "./rung.ts";
import { runtimeRung } from "./runtime-rung.ts";

/** The whole runtime with a listener, its journal in memory. */
export async function openRung(baseUrl: string): Promise<Rung> {
  return runtimeRung(baseUrl, async () => openMemoryStore());
}
